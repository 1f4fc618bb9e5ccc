"""OpenCV, loaded by who looks at pictures and by nobody else."""

from functools import cache
from typing import Any


@cache
def opencv() -> Any:
    """The module `cv2`, with one thread of its own: ours are parallel already."""
    import cv2  # noqa: PLC0415 - heavy, and web processes import this package too

    cv2.setNumThreads(1)
    # Its warnings are about its own plans.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    return cv2
