"""Whether the server lives, and whether all that it needs is there."""

import secrets
import time
from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from redis.exceptions import RedisError

SECONDS = 2  # that a part has to answer
REMEMBERED = 5  # seconds that slow answers are good for
_remembered: dict[str, tuple[float, bool]] = {}


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; asks nobody else."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when everything is there, else 503; `down` names what is not."""
    down = [name for name, works in PARTS.items() if not works()]
    body = {"status": "down" if down else "ok", "down": down}
    return JsonResponse(body, status=503 if down else 200)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    client = Redis.from_url(
        settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
    )
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()


def _worker() -> bool:
    """Whether any worker answers a ping. Without the broker nobody can be asked."""
    if not _broker():
        return False
    try:
        return bool(current_app.control.ping(timeout=SECONDS, limit=1))
    except (OSError, BrokerError):
        return False


def _store() -> bool:
    """Whether a file can be written and deleted again."""
    try:
        name = default_storage.save(
            f"health/{secrets.token_hex(8)}", ContentFile(b"ok")
        )
        default_storage.delete(name)
    except Exception:  # noqa: BLE001  every storage has its own errors
        return False
    return True


def _remembering(name: str, works: Callable[[], bool]) -> Callable[[], bool]:
    """Ask at most every few seconds: pings and writes cost something."""

    def ask() -> bool:
        asked, answer = _remembered.get(name, (float("-inf"), False))
        if time.monotonic() - asked > REMEMBERED:
            answer = works()
            _remembered[name] = (time.monotonic(), answer)
        return answer

    return ask


PARTS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "broker": _broker,
    "workers": _remembering("workers", _worker),
    "store": _remembering("store", _store),
}
