"""What the user reads."""

import contextlib
import sys
from typing import TextIO


def say(text: str, stream: TextIO | None = None) -> None:
    """One line for the user; a closed terminal is no reason to fail."""
    out = stream or sys.stdout
    with contextlib.suppress(OSError, ValueError):
        out.write(f"{text}\n")
        out.flush()


def complain(text: str) -> None:
    """One line about what went wrong."""
    say(f"labeler: {text}", sys.stderr)
