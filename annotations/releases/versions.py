"""The version of the code that makes a release."""

import os
import re
import tomllib
from functools import cache
from pathlib import Path

from django.conf import settings

HASH = re.compile("[0-9a-f]{40,64}")


@cache
def code_version() -> str:
    """Return LABELER_VERSION, else the commit of the checkout, else the version number."""
    if version := os.environ.get("LABELER_VERSION"):
        return version[:40]
    return commit_of(settings.BASE_DIR) or _declared_version()


def commit_of(checkout: Path) -> str:
    """Return the commit of a checkout; empty if there is no readable repository."""
    git = checkout / ".git"
    try:
        if git.is_file():  # a worktree of a checkout elsewhere
            git = git.parent / git.read_text().removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text().strip()
        common = git / "commondir"
        root = git / common.read_text().strip() if common.exists() else git
        if head.startswith("ref: "):
            head = _commit(root, head.removeprefix("ref: "))
    except OSError:
        return ""
    return head[:40] if HASH.fullmatch(head) else ""


def _commit(root: Path, ref: str) -> str:
    """Return the commit of a branch, from its own file or from the packed refs."""
    if (root / ref).is_file():
        return (root / ref).read_text().strip()
    lines = (root / "packed-refs").read_text().splitlines()
    refs = dict(line.split()[::-1] for line in lines if line.count(" ") == 1)
    return refs.get(ref, "")


def _declared_version() -> str:
    try:
        content = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return "unknown"
    return str(content.get("project", {}).get("version", "unknown"))[:40]
