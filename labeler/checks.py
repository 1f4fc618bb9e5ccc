"""What no linter looks at: `python -m labeler.checks` (with a live PostgreSQL), or
`python -m labeler.checks files` for what needs no database.

One line per check; ends with 1 where one failed.
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
COMPILER = ROOT / "node_modules" / "typescript"
PROSE = {".py", ".md", ".toml", ".yml", ".html", ".css", ".js", ".sh"}
# Whoever clones this has other registries and other folders than whoever wrote it.
REGISTRY = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|golang|crates|docker|ghcr|quay)\.(?:org|io|com)\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.\-])/(?:work|root|home|Users)/[\w.]")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")

Check = Callable[[], str]  # what is wrong, empty where nothing is


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program in the checkout; what it said where it failed."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=env, text=True, capture_output=True, check=False
        )
    except FileNotFoundError:
        return f"{command[0]} is missing; run make setup"
    if done.returncode == 0:
        return ""
    said = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-40:])
    return said or f"ended with {done.returncode} and said nothing"


def production() -> dict[str, str]:
    """The environment as an operator has it: nothing set but what must be."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LABELER_")}
    needed = {
        "LABELER_SECRET_KEY": secrets.token_urlsafe(64),
        "LABELER_TOMBSTONE_KEY": secrets.token_urlsafe(64),
        "LABELER_ALLOWED_HOSTS": "labeler.example",
    }
    return kept | needed


def project_files() -> list[Path]:
    """What git keeps; in an unpacked archive, everything that is not hidden."""
    listing = ["git", "ls-files", "-z"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        hidden = re.compile(r"(^|/)(\.|var/|__pycache__/)")
        found = [p for p in ROOT.rglob("*") if not hidden.search(_name(p))]
    else:
        found = [ROOT / os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return sorted(path for path in found if path.is_file())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _lines(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Each line of text files with the place where it stands."""
    for path in paths:
        data = path.read_bytes()
        if b"\0" not in data:
            text = data.decode(errors="replace")
            for number, line in enumerate(text.split("\n"), start=1):
                yield f"{_name(path)}:{number}", line


def no_registry_or_machine_is_named() -> str:
    wrong = [
        f"{place}: {found.group()}"
        for place, line in _lines(project_files())
        for found in (REGISTRY.search(line), MACHINE_PATH.search(line))
        if found
    ]
    lock = (ROOT / "requirements.lock").read_text()
    if "://" in lock or "index-url" in lock:
        wrong.append("requirements.lock names where packages come from")
    return "\n".join(wrong)


def lines_end_cleanly() -> str:
    ours = [p for p in project_files() if p.suffix in PROSE and "vendor" not in p.parts]
    ends = [_name(p) for p in ours if p.read_bytes()[-1:] not in (b"", b"\n")]
    spaces = [place for place, line in _lines(ours) if line != line.rstrip()]
    return "\n".join(ends + spaces)


def files_are_small() -> str:
    sizes = {path: path.stat().st_size for path in project_files()}
    return "\n".join(
        f"{_name(p)}: {n:,} bytes" for p, n in sizes.items() if n > LARGEST_FILE
    )


def licence_is_there() -> str:
    path = ROOT / "LICENSE"
    is_apache = path.is_file() and "Apache License" in path.read_text()[:200]
    return "" if is_apache else "LICENSE must hold the Apache License 2.0"


def links_lead_somewhere() -> str:
    return "\n".join(
        f"{_name(path)}: {target}"
        for path in project_files()
        if path.suffix == ".md"
        for target in LINK.findall(path.read_text())
        if not (path.parent / target).exists()
    )


def scripts_are_typed() -> str:
    """`tsc` on the JSDoc of the pages' scripts, where node and npm can give it."""
    if problem := _get_compiler():
        sys.stderr.write(f"The scripts' types go unchecked: {problem}\n")
        return ""
    return run("node", COMPILER / "bin" / "tsc", "--project", ".")


def _get_compiler() -> str:
    """Fetch tsc once for each lock; why it is not to be had, empty where it is."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node and npm are not installed."
    lock = ROOT / "package-lock.json"
    if COMPILER.exists() and COMPILER.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    problem = run("npm", "ci", "--ignore-scripts")
    if not problem:
        COMPILER.touch()
    return problem


manage = partial(run, sys.executable, "manage.py")
SCHEMA = ("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)
# Beside our Python, not through PATH: the environment need not be activated.
HADOLINT = Path(sys.executable).parent / "hadolint"
# Its medium findings (digests, limits) are the operator's: docs/operating.md says so.
COMPOSE_LINT = (sys.executable, "-m", "compose_lint", "check", "--fail-on", "high")

FILES: dict[str, Check] = {
    "no registry and no machine is named": no_registry_or_machine_is_named,
    "lines end cleanly": lines_end_cleanly,
    "files are small": files_are_small,
    "the licence is there": licence_is_there,
    "links lead somewhere": links_lead_somewhere,
}
ALL: dict[str, Check] = {
    "migrations are in step": lambda: manage("makemigrations", "--check", "--dry-run"),
    "production settings are safe": lambda: manage(
        "check", "--deploy", "--fail-level", "WARNING", env=production()
    ),
    "the API schema has no warnings": lambda: manage(*SCHEMA),
    "the scripts are typed": scripts_are_typed,
    "the Dockerfile is clean": lambda: run(HADOLINT, "deploy/Dockerfile"),
    "the compose file is clean": lambda: run(*COMPOSE_LINT, "docker-compose.yml"),
    **FILES,
}


def main(arguments: Sequence[str]) -> int:
    failed = []
    for name, check in (FILES if list(arguments) == ["files"] else ALL).items():
        problem = check()
        sys.stdout.write(f"{'FAIL' if problem else 'ok  '} {name}\n")
        if problem:
            failed.append(name)
            sys.stdout.write(f"{problem}\n")
        sys.stdout.flush()
    if failed:
        sys.stderr.write(f"Failed: {', '.join(failed)}.\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
