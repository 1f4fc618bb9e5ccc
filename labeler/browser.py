"""Finds a Chromium for the browser tests, or gets one: `python -m labeler.browser`."""

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
    """Return the Chromium to use: LABELER_BROWSER, then PATH, then Playwright's own."""
    named = os.environ.get("LABELER_BROWSER")
    if named:
        return Path(named) if shutil.which(named) else None
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return _playwrights_own()


def _playwrights_own() -> Path | None:
    # Where `playwright install chromium` puts it; newest build first.
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
    # The package brings the libraries that Playwright's own build lacks on bare systems.
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
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def main() -> int:
    """Say nothing when a browser is there; else get one, or say what to install."""
    if find():
        return 0
    if os.environ.get("LABELER_BROWSER"):
        sys.stderr.write("LABELER_BROWSER names no program that can be run.\n")
        return 1
    sys.stderr.write("Getting Chromium for the browser tests (once) …\n")
    if (_from_debian() and find()) or (_from_playwright() and find()):
        return 0
    sys.stderr.write(f"{MISSING}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
