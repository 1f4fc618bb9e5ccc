"""Slowing down guesses. Locking an account is axes' business (settings.AXES_…)."""

import time
from contextlib import suppress

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

FAILURES_MAX = 60
WINDOW = 60  # seconds


def _key(request: HttpRequest) -> str:
    # Not X-Forwarded-For: a guesser would write another one each time.
    return f"failed-sign-ins:{request.META.get('REMOTE_ADDR', '')}:{_window()}"


def _window() -> int:
    return int(time.time()) // WINDOW


def wait_for(request: HttpRequest) -> int | None:
    """Seconds that this address has to wait after too many failures; None for none."""
    try:
        failures = cache.get(_key(request), 0)
    except RedisError:
        return None  # axes counts in the database and locks all the same
    if failures < FAILURES_MAX:
        return None
    return WINDOW - int(time.time()) % WINDOW


def count_failure(request: HttpRequest) -> None:
    """Remember a failure until its minute is over."""
    key = _key(request)
    with suppress(RedisError):
        cache.add(key, 0, timeout=2 * WINDOW)
        cache.incr(key)
