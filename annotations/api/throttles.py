"""A limit on failed sign-ins per address. Accounts are locked by axes (settings.AXES_…)."""

import time
from contextlib import suppress

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

FAILURES_MAX = 60
WINDOW = 60  # seconds


def _cache_key(request: HttpRequest) -> str:
    # Not X-Forwarded-For: an attacker would send another one each time.
    return f"failed-sign-ins:{request.META.get('REMOTE_ADDR', '')}:{_window()}"


def _window() -> int:
    return int(time.time()) // WINDOW


def wait_for(request: HttpRequest) -> int | None:
    """Return the seconds that this address must wait after too many failures, or None."""
    try:
        failures = cache.get(_cache_key(request), 0)
    except RedisError:
        return None  # axes still counts in the database and locks the account
    if failures < FAILURES_MAX:
        return None
    return WINDOW - int(time.time()) % WINDOW


def count_failure(request: HttpRequest) -> None:
    """Count a failure until the end of its minute."""
    key = _cache_key(request)
    with suppress(RedisError):
        cache.add(key, 0, timeout=2 * WINDOW)
        cache.incr(key)
