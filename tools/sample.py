"""The sample of real pictures that some tests need (marker `sample`)."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """Return the sample's folder: LABELER_SAMPLE, else `../shared/data`."""
    default = CHECKOUT.parent / "shared" / "data"
    return Path(os.environ.get("LABELER_SAMPLE") or default)


def problem() -> str:
    """Return why tests cannot use the sample, or an empty string."""
    if (folder() / "truth.tsv").is_file():
        return ""
    return (
        f"The sample of real pictures is not in {folder()}. "
        "Set LABELER_SAMPLE to its folder (CONTRIBUTING.md)."
    )


def is_required() -> bool:
    """Return True in CI, and wherever LABELER_SAMPLE is set."""
    return bool(os.environ.get("CI") or os.environ.get("LABELER_SAMPLE"))
