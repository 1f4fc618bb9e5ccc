"""OpenCV, loaded by who looks at pictures and by nobody else."""

from functools import cache
from typing import Any

ERRORS = 2  # of its log levels: warnings tell of its own plans


@cache
def opencv() -> Any:
    """The module `cv2`, with one thread of its own: ours are parallel already."""
    import cv2  # noqa: PLC0415 - heavy, and web processes import this package too

    cv2.setNumThreads(1)
    cv2.setLogLevel(ERRORS)
    return cv2
