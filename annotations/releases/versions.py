"""Which code made a release."""

import os
import re
import tomllib
from functools import cache
from pathlib import Path

from django.conf import settings

HASH = re.compile("[0-9a-f]{40,64}")


@cache
def code_version() -> str:
    """The commit that is named, or where the code lies in a checkout; else its version."""
    if named := os.environ.get("LABELER_VERSION"):
        return named[:40]
    return commit_of(settings.BASE_DIR) or _declared()


def commit_of(checkout: Path) -> str:
    """The commit that a checkout is at; empty where git does not tell."""
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
    """What a branch points at: a file of its own, or a line of the packed ones."""
    if (root / ref).is_file():
        return (root / ref).read_text().strip()
    lines = (root / "packed-refs").read_text().splitlines()
    packed = dict(line.split()[::-1] for line in lines if line.count(" ") == 1)
    return packed.get(ref, "")


def _declared() -> str:
    try:
        said = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return "unknown"
    return str(said.get("project", {}).get("version", "unknown"))[:40]
