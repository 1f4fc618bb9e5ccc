"""Marks that a judge sends. Read by hand, since every page sends dozens of them."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from annotations.api.errors import TooLarge
from annotations.api.fields import BIGGEST, Strict
from annotations.consensus import Verdict
from annotations.judgments import Mark
from annotations.models import How

MARKS_MAX = 500
REASON_MAX = 2000
TILE_MAX = 40
STATUSES = ("recorded", "replayed", "refused")
CANONICAL = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
VERDICTS = {verdict.value: verdict for verdict in Verdict}
HOWS = frozenset(How.values)
ABSENT = object()


class MarkShape(Strict):
    """A verdict on a tile; null takes it back."""

    id = serializers.UUIDField(help_text="Made by the client, version 7 advised.")
    assignment = serializers.IntegerField(min_value=0, max_value=BIGGEST)
    candidate = serializers.CharField(max_length=TILE_MAX, help_text="The tile id.")
    verdict = serializers.ChoiceField(list(VERDICTS), allow_null=True)
    decided_at = serializers.DateTimeField(help_text="UTC where no offset is given.")
    seconds = serializers.FloatField(min_value=0)
    how = serializers.ChoiceField(How.values)
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=REASON_MAX
    )


class MarksShape(Strict):
    """At most 500 marks (413 above), taken in their order."""

    judgments = MarkShape(many=True)


class OutcomeShape(serializers.Serializer):
    """What became of a mark."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    reason = serializers.CharField(required=False, help_text="Of a refusal.")


class OutcomesShape(serializers.Serializer):
    """One outcome for each mark, in the order of the request."""

    results = OutcomeShape(many=True)


class Malformed(ValueError):
    """A value that its field cannot hold; the text says why."""


def marks_of(body: Any) -> list[Mark]:
    """The marks of a request. Errors name every wrong value: `judgments.3.verdict`."""
    if not isinstance(body, Mapping):
        raise serializers.ValidationError(["The body must be an object."])
    unknown = [str(name) for name in body if name != "judgments"]
    if unknown:
        raise serializers.ValidationError(
            {n: ["There is no such field."] for n in unknown}
        )
    items = body.get("judgments")
    if not isinstance(items, list):
        raise serializers.ValidationError({"judgments": ["A list is needed."]})
    if len(items) > MARKS_MAX:
        raise TooLarge(f"At most {MARKS_MAX} judgments fit into one request.")
    errors: dict[str, list[str]] = {}
    marks = [_mark(item, f"judgments.{n}", errors) for n, item in enumerate(items)]
    if errors:
        raise serializers.ValidationError(errors)
    return [mark for mark in marks if mark is not None]


def _mark(item: Any, path: str, errors: dict[str, list[str]]) -> Mark | None:
    if not isinstance(item, dict):
        errors[path] = ["An object is needed."]
        return None
    values, wrong = [], len(errors)
    for name, read in READERS.items():
        try:
            values.append(read(item.get(name, ABSENT)))
        except Malformed as error:
            errors[f"{path}.{name}"] = [str(error)]
    for name in item.keys() - READERS.keys():
        errors[f"{path}.{name}"] = ["There is no such field."]
    return Mark(*values) if len(errors) == wrong else None


def _id(value: Any) -> UUID:
    if not isinstance(value, str) or not CANONICAL.fullmatch(value):
        raise Malformed("A UUID is needed.")
    return UUID(value)


def _assignment(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("A whole number is needed.")
    if not 0 <= value <= BIGGEST:
        raise Malformed("There is no such number.")
    return value


def _text(limit: int, *, least: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value is ABSENT and not least:
            return ""
        if not isinstance(value, str) or not least <= len(value) <= limit:
            raise Malformed(f"A text of {least} to {limit} characters is needed.")
        return value

    return read


def _verdict(value: Any) -> Verdict | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in VERDICTS:
        raise Malformed(f"Must be one of {', '.join(VERDICTS)}, or null.")
    return VERDICTS[value]


def _moment(value: Any) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise Malformed("A date and time as RFC 3339 has them is needed.")
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Malformed("There is no such moment in UTC.") from None


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed("A number is needed.")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds < 0:
        raise Malformed("A finite number, 0 or more, is needed.")
    return seconds


def _how(value: Any) -> str:
    if not isinstance(value, str) or value not in HOWS:
        raise Malformed(f"Must be one of {', '.join(sorted(HOWS))}.")
    return value


# In the order of Mark's fields.
READERS: dict[str, Callable[[Any], Any]] = {
    "id": _id,
    "assignment": _assignment,
    "candidate": _text(TILE_MAX, least=1),
    "verdict": _verdict,
    "decided_at": _moment,
    "seconds": _seconds,
    "how": _how,
    "reason": _text(REASON_MAX, least=0),
}


def outcomes(results: Sequence[Any]) -> dict[str, Any]:
    """The answer: one outcome for each mark."""
    return {"results": [_outcome(result) for result in results]}


def _outcome(result: Any) -> dict[str, Any]:
    shown = {"id": str(result.id), "status": result.status}
    return shown | {"reason": result.reason} if result.reason else shown
