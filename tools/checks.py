"""Checks that no linter does: `python -m tools.checks` (needs a running PostgreSQL), or
`python -m tools.checks files` for the ones that need no database.

Print one line per check. The exit code is 1 if a check fails. `python -m tools.checks fix`
formats scripts and styles.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST_FILE = 1024 * 1024
NODE_PROGRAMS = ROOT / "node_modules" / ".bin"
PROSE = {".py", ".md", ".toml", ".yml", ".html", ".css", ".js", ".sh"}
# A folder of one developer's machine does not exist on another one.
MACHINE_PATH = re.compile(r"(?<![\w.\-])/(?:work|root|home|Users)/[\w.]")
LONGEST_TEMPLATE_LINE = 120
CSS_WITHOUT_SELECTORS = re.compile(
    r"/\*.*?\*/|url\([^)]*\)|@keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.DOTALL
)
SELECTORS = re.compile(r"([^{};]+)\{")
COMMA_BETWEEN_SELECTORS = re.compile(r",(?![^(\[]*[)\]])")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
NODE_IS_MISSING = (
    "node and npm are missing. Install Node.js 20 or newer: they check the pages' "
    "scripts and styles."
)

Check = Callable[[], str]  # returns the problem, or an empty string


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program in the checkout. Return its output if it fails."""
    try:
        result = subprocess.run(
            command, cwd=ROOT, env=env, text=True, capture_output=True, check=False
        )
    except FileNotFoundError:
        return f"{command[0]} is missing. Run make setup."
    if result.returncode == 0:
        return ""
    output = "\n".join(f"{result.stdout}\n{result.stderr}".strip().splitlines()[-40:])
    return output or f"It ended with exit code {result.returncode} and no output."


def production() -> dict[str, str]:
    """Return an operator's environment, with only the required settings."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("LABELER_")}
    required = {
        "LABELER_SECRET_KEY": secrets.token_urlsafe(64),
        "LABELER_TOMBSTONE_KEY": secrets.token_urlsafe(64),
        "LABELER_ALLOWED_HOSTS": "labeler.example",
    }
    return inherited | required


def project_files() -> list[Path]:
    """Return the files in git. In an unpacked archive, return all files not hidden."""
    listing = ["git", "ls-files", "-z"]
    try:
        result = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        hidden = re.compile(r"(^|/)(\.|var/|node_modules/|__pycache__/)")
        paths = [p for p in ROOT.rglob("*") if not hidden.search(_name(p))]
    else:
        names = [name for name in result.stdout.split(b"\0") if name]
        paths = [ROOT / os.fsdecode(name) for name in names]
    return sorted(path for path in paths if path.is_file())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _lines(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield `file:line` and the text of each line of the text files."""
    for path in paths:
        content = path.read_bytes()
        if b"\0" not in content:
            text = content.decode(errors="replace")
            for number, line in enumerate(text.split("\n"), start=1):
                yield f"{_name(path)}:{number}", line


def no_file_names_a_folder_of_one_machine() -> str:
    return "\n".join(
        f"{place}: {path.group()}"
        for place, line in _lines(project_files())
        if (path := MACHINE_PATH.search(line))
    )


def the_lock_names_no_index() -> str:
    """Return a problem if the lock would override the package index of the user."""
    lock = (ROOT / "requirements.lock").read_text()
    if "://" in lock or "index-url" in lock:
        return "requirements.lock names a package index. Remove that line."
    return ""


def lines_end_cleanly() -> str:
    paths = [p for p in project_files() if p.suffix in PROSE]
    paths = [path for path in paths if "vendor" not in path.parts]
    ends = [_name(p) for p in paths if p.read_bytes()[-1:] not in (b"", b"\n")]
    spaces = [place for place, line in _lines(paths) if line != line.rstrip()]
    return "\n".join(ends + spaces)


def files_are_small() -> str:
    sizes = {path: path.stat().st_size for path in project_files()}
    return "\n".join(
        f"{_name(p)}: {n:,} bytes" for p, n in sizes.items() if n > LARGEST_FILE
    )


def template_lines_are_short() -> str:
    paths = [path for path in project_files() if path.suffix == ".html"]
    return "\n".join(
        f"{place}: {len(line)} characters"
        for place, line in _lines(paths)
        if len(line) > LONGEST_TEMPLATE_LINE
    )


def each_selector_has_one_stylesheet() -> str:
    """Return the selectors that several of the project's stylesheets define."""
    stylesheets: dict[str, list[str]] = {}
    for path in project_files():
        if path.suffix == ".css" and "vendor" not in path.parts:
            for selector in sorted(_selectors(path.read_text())):
                stylesheets.setdefault(selector, []).append(_name(path))
    return "\n".join(
        f"{selector}: {', '.join(names)}"
        for selector, names in stylesheets.items()
        if len(names) > 1
    )


def _selectors(css: str) -> set[str]:
    lists = SELECTORS.findall(CSS_WITHOUT_SELECTORS.sub("", css))
    return {
        " ".join(selector.split())
        for selector_list in lists
        if not selector_list.strip().startswith("@")
        for selector in COMMA_BETWEEN_SELECTORS.split(selector_list)
    }


def licence_exists() -> str:
    path = ROOT / "LICENSE"
    is_apache = path.is_file() and "Apache License" in path.read_text()[:200]
    return "" if is_apache else "LICENSE must contain the Apache License 2.0."


def links_have_targets() -> str:
    return "\n".join(
        f"{_name(path)}: {target}"
        for path in project_files()
        if path.suffix == ".md"
        for target in LINK.findall(path.read_text())
        if not (path.parent / target).exists()
    )


def _node_program(name: str, *arguments: str) -> str:
    return _install_node_packages() or run(NODE_PROGRAMS / name, *arguments)


def _install_node_packages() -> str:
    """Install the pinned npm packages once for each lock file."""
    if not (shutil.which("node") and shutil.which("npm")):
        return NODE_IS_MISSING
    lock = ROOT / "package-lock.json"
    stamp = ROOT / "node_modules" / ".installed"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    problem = run("npm", "ci", "--ignore-scripts")
    if not problem:
        stamp.touch()
    return problem


manage = partial(run, sys.executable, "manage.py")
SCHEMA = ("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)
# Next to this Python, not from PATH: the environment need not be activated.
HADOLINT = Path(sys.executable).parent / "hadolint"
# The operator decides about its medium findings (digests, limits): docs/operating.md.
COMPOSE_LINT = (sys.executable, "-m", "compose_lint", "check", "--fail-on", "high")

FILES: dict[str, Check] = {
    "no file names a folder of one machine": no_file_names_a_folder_of_one_machine,
    "the lock names no package index": the_lock_names_no_index,
    "lines end cleanly": lines_end_cleanly,
    "files are small": files_are_small,
    "template lines are short": template_lines_are_short,
    "each selector has one stylesheet": each_selector_has_one_stylesheet,
    "the licence exists": licence_exists,
    "links have targets": links_have_targets,
}
ALL: dict[str, Check] = {
    "migrations match the models": lambda: manage(
        "makemigrations", "--check", "--dry-run"
    ),
    "production settings are safe": lambda: manage(
        "check", "--deploy", "--fail-level", "WARNING", env=production()
    ),
    "the API schema has no warnings": lambda: manage(*SCHEMA),
    "scripts and styles are formatted and linted": lambda: _node_program("biome", "ci"),
    "the types of the scripts are right": lambda: _node_program(
        "tsc", "--project", "."
    ),
    "the Dockerfile is clean": lambda: run(HADOLINT, "deploy/Dockerfile"),
    "the compose file is clean": lambda: run(*COMPOSE_LINT, "docker-compose.yml"),
    **FILES,
}


def main(arguments: Sequence[str]) -> int:
    """Run the checks and print their results. Return the exit code."""
    if list(arguments) == ["fix"]:
        problem = _node_program("biome", "check", "--write")
        sys.stdout.write(problem)
        return 1 if problem else 0
    failures = []
    for name, check in (FILES if list(arguments) == ["files"] else ALL).items():
        problem = check()
        sys.stdout.write(f"{'FAIL' if problem else 'ok  '} {name}\n")
        if problem:
            failures.append(name)
            sys.stdout.write(f"{problem}\n")
        sys.stdout.flush()
    if failures:
        sys.stderr.write(f"Failed: {', '.join(failures)}.\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
