"""A Chromium for the browser tests: `python -m labeler.browser` finds or installs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "The browser tests need Chromium: install your system's chromium package, or set "
    "LABELER_BROWSER to a Chromium or Chrome program."
)


def find() -> Path | None:
    """Return the Chromium of LABELER_BROWSER, else of PATH, else Playwright's own."""
    setting = os.environ.get("LABELER_BROWSER")
    if setting:
        return Path(setting) if shutil.which(setting) else None
    for name in NAMES:
        if program := shutil.which(name):
            return Path(program)
    return _playwrights_own()


def _playwrights_own() -> Path | None:
    # `playwright install chromium` installs into this folder.
    folder = Path(
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
        or Path.home() / ".cache" / "ms-playwright"
    )
    builds = [
        program
        for pattern in (
            "chromium-*/chrome-linux*/chrome",
            "chromium-*/chrome-mac*/*.app",
        )
        for program in folder.glob(pattern)
    ]
    if not builds:
        return None
    newest = max(builds, key=lambda program: program.stat().st_mtime)
    if newest.suffix == ".app":
        return newest / "Contents" / "MacOS" / newest.stem
    return newest


def _from_debian() -> bool:
    # The package installs libraries that Playwright's build needs and does not contain.
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"],
    )
    return all(
        subprocess.run(
            step, env=quiet, stdout=subprocess.DEVNULL, check=False
        ).returncode
        == 0
        for step in steps
    )


def _from_playwright() -> bool:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return result.returncode == 0


def main() -> int:
    """Install a browser if there is none, or print what to install."""
    if find():
        return 0
    if os.environ.get("LABELER_BROWSER"):
        sys.stderr.write("LABELER_BROWSER is not a program that can run.\n")
        return 1
    sys.stderr.write("Installing Chromium for the browser tests (once) …\n")
    if (_from_debian() and find()) or (_from_playwright() and find()):
        return 0
    sys.stderr.write(f"{MISSING}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
