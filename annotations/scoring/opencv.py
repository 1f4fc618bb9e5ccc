"""OpenCV, imported only by processes that analyse pictures."""

from functools import cache
from typing import Any


@cache
def opencv() -> Any:
    """Return the module `cv2`, limited to one thread because callers are parallel."""
    import cv2  # noqa: PLC0415 - large, and web processes import this package too

    cv2.setNumThreads(1)
    # Its warnings are about its own future versions.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    return cv2
