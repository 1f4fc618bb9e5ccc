"""Messages to the user."""

import contextlib
import sys
from typing import TextIO


def say(text: str, stream: TextIO | None = None) -> None:
    """Print one line for the user. A closed terminal is not an error."""
    out = stream or sys.stdout
    with contextlib.suppress(OSError, ValueError):
        out.write(f"{text}\n")
        out.flush()


def complain(text: str) -> None:
    """Print one line about an error."""
    say(f"labeler: {text}", sys.stderr)
