"""Health checks for operators: is the process alive, and are its dependencies ready?"""

import secrets
import time
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from redis.exceptions import RedisError

from annotations import sql

TIMEOUT = 2  # seconds that a dependency has to answer
CACHE_SECONDS = 5  # how long the result of an expensive check is reused
_results: dict[str, tuple[float, bool]] = {}


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process runs. Checks no dependency."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 if every dependency works, else 503; `down` names the others."""
    down = [name for name, works in PARTS.items() if not works()]
    body = {"status": "down" if down else "ok", "down": down}
    return JsonResponse(body, status=503 if down else 200)


def _database() -> bool:
    try:
        sql.value("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    client = Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    )
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()


def _worker() -> bool:
    """Check whether a worker answers a ping, which goes through the broker."""
    if not _broker():
        return False
    try:
        return bool(current_app.control.ping(timeout=TIMEOUT, limit=1))
    except (OSError, BrokerError):
        return False


def _store() -> bool:
    """Check whether a file can be written and deleted."""
    try:
        name = default_storage.save(
            f"health/{secrets.token_hex(8)}", ContentFile(b"ok")
        )
        default_storage.delete(name)
    except Exception:  # noqa: BLE001  every storage has its own errors
        return False
    return True


def _cached(name: str, check: Callable[[], bool]) -> Callable[[], bool]:
    """Run a check at most every few seconds, because pings and writes are expensive."""

    def cached_check() -> bool:
        checked_at, is_working = _results.get(name, (float("-inf"), False))
        if time.monotonic() - checked_at > CACHE_SECONDS:
            is_working = check()
            _results[name] = (time.monotonic(), is_working)
        return is_working

    return cached_check


PARTS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "broker": _broker,
    "workers": _cached("workers", _worker),
    "store": _cached("store", _store),
}
