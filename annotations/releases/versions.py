"""Which code made a release."""

import os
import tomllib
from functools import cache

from django.conf import settings


@cache
def code_version() -> str:
    """The commit where the code lies in a checkout, else the version it says it has."""
    if named := os.environ.get("LABELER_VERSION"):
        return named[:40]
    git = settings.BASE_DIR / ".git"
    try:
        if git.is_file():  # a worktree of a checkout elsewhere
            git = git.parent / git.read_text().removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head[:40]
        common = git / "commondir"
        root = git / common.read_text().strip() if common.exists() else git
        return (root / head.removeprefix("ref: ")).read_text().strip()[:40]
    except OSError:
        return _declared()


def _declared() -> str:
    try:
        said = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return "unknown"
    return str(said.get("project", {}).get("version", "unknown"))[:40]
