"""Marks that a judge sends, and their outcomes.

pydantic parses the marks, because a page sends dozens of them and it is several times
faster than DRF. The serializers describe the same bodies in the OpenAPI document.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from rest_framework import serializers

from annotations.api.errors import TooLarge
from annotations.api.fields import BIGGEST, StrictSerializer
from annotations.consensus import Verdict
from annotations.judgments import Mark, Outcome
from annotations.models import How

MARKS_MAX = 500
REASON_MAX = 2000
TILE_MAX = 40
STATUSES = ("recorded", "replayed", "refused")
CANONICAL_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class MarkShape(StrictSerializer):
    """A verdict on a tile; null takes it back."""

    id = serializers.UUIDField(
        help_text="Created by the client; version 7 is recommended."
    )
    assignment = serializers.IntegerField(min_value=0, max_value=BIGGEST)
    candidate = serializers.CharField(max_length=TILE_MAX, help_text="The tile id.")
    verdict = serializers.ChoiceField([v.value for v in Verdict], allow_null=True)
    decided_at = serializers.DateTimeField(help_text="UTC by default.")
    seconds = serializers.FloatField(min_value=0)
    how = serializers.ChoiceField(How.values)
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=REASON_MAX
    )


class MarksShape(StrictSerializer):
    """At most 500 marks, recorded in this order; more lead to 413."""

    judgments = MarkShape(many=True)


class OutcomeShape(serializers.Serializer[Any]):
    """The outcome of a mark."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(STATUSES)
    reason = serializers.CharField(required=False, help_text="The reason of a refusal.")


class OutcomesShape(serializers.Serializer[Any]):
    """One outcome for each mark, in the order of the request."""

    results = OutcomeShape(many=True)


def _as_uuid(text: Any) -> UUID:
    if not isinstance(text, str) or not CANONICAL_UUID.fullmatch(text):
        raise ValueError("A UUID with hyphens is required")
    return UUID(text)


def _as_integer(number: Any) -> Any:
    """Turn 5.0 into 5, because JSON does not distinguish them."""
    if isinstance(number, float) and number.is_integer():
        return int(number)
    return number


def _as_datetime(text: Any) -> datetime:
    moment = parse_datetime(text) if isinstance(text, str) else None
    if moment is None:
        raise ValueError("A date and time (RFC 3339) is required")
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("This time does not exist in UTC") from None


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class ParsedMark(Mark):
    """A mark whose fields have been validated without coercion."""

    id: Annotated[UUID, BeforeValidator(_as_uuid)]
    assignment: Annotated[
        int, BeforeValidator(_as_integer), Field(strict=True, ge=0, le=BIGGEST)
    ]
    tile: Annotated[
        str, Field(alias="candidate", strict=True, min_length=1, max_length=TILE_MAX)
    ]
    verdict: Verdict | None
    decided_at: Annotated[datetime, BeforeValidator(_as_datetime)]
    seconds: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
    how: How
    reason: Annotated[str, Field(strict=True, max_length=REASON_MAX)] = ""


PARSER = TypeAdapter(list[ParsedMark])


def parse_marks(body: Any) -> list[ParsedMark]:
    """Return the marks of a body. Errors name each wrong value: `judgments.3.verdict`."""
    if not isinstance(body, Mapping):
        raise serializers.ValidationError(["The body must be an object."])
    unknown = [str(name) for name in body if name != "judgments"]
    if unknown:
        raise serializers.ValidationError(
            {name: ["There is no such field."] for name in unknown}
        )
    items = body.get("judgments")
    if not isinstance(items, list):
        raise serializers.ValidationError({"judgments": ["A list is required."]})
    if len(items) > MARKS_MAX:
        raise TooLarge(f"A request can have at most {MARKS_MAX} judgments.")
    try:
        return PARSER.validate_python(items)
    except ValidationError as error:
        raise serializers.ValidationError(_reasons(error)) from error


def _reasons(error: ValidationError) -> dict[str, list[str]]:
    """Return the reasons by dotted path."""
    reasons = {}
    for details in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part) for part in ("judgments", *details["loc"]))
        reasons[path] = [f"{details['msg'].removeprefix('Value error, ')}."]
    return reasons


def outcomes_as_json(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return one outcome for each mark, in the shape of OutcomesShape."""
    return {"results": [_outcome(outcome) for outcome in outcomes]}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    fields = {"id": str(outcome.id), "status": outcome.status}
    return fields | {"reason": outcome.reason} if outcome.reason else fields
