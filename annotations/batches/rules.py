"""The rules of a batch: what each may be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from annotations.errors import Invalid
from annotations.models import Batch, Order, Purpose, Scorer
from annotations.models.batches import JUDGES_LIMIT

PAGE_LIMIT = 200
CAP_LIMIT = 2**31 - 1
AUDIT_LIMIT = 100_000
MIDDLE = 0.5  # of probability: beyond it one verdict is the likelier
FIXED = ("order", "purpose", "control_share")  # once a batch has been opened


def apply(batch: Batch, rules: Mapping[str, Any]) -> None:
    """Set rules and check them together; Invalid names every wrong one.

    judges_required (2), judges_maximum (None follows), page_size, order, purpose,
    guidelines, priority, cap, cap_share, deadline, shows_agreement, scorer,
    control_share, clear_beyond, audit_size; and the name.
    """
    for field, value in rules.items():
        setattr(batch, "maximum" if field == "judges_maximum" else field, value)
    checks = _numbers(batch) | _words(batch) | _of_models(batch)
    if rules.get("scorer"):  # one that is gone since keeps no other rule from changing
        checks["scorer"] = _scorer(batch.scorer)
    errors = {name: [text] for name, (is_fine, text) in checks.items() if not is_fine}
    if errors:
        raise Invalid(errors)


def _numbers(batch: Batch) -> dict[str, tuple[bool, str]]:
    required, maximum = batch.judges_required, batch.maximum
    cap, share = batch.cap, batch.cap_share
    return {
        "judges_required": (
            1 <= required <= JUDGES_LIMIT,
            f"Must be 1 to {JUDGES_LIMIT}.",
        ),
        "judges_maximum": (
            maximum is None or required <= maximum <= JUDGES_LIMIT,
            f"Must be judges_required to {JUDGES_LIMIT}.",
        ),
        "page_size": (
            1 <= batch.page_size <= PAGE_LIMIT,
            f"Must be 1 to {PAGE_LIMIT}.",
        ),
        "cap": (cap is None or 1 <= cap <= CAP_LIMIT, "Must be 1 or more."),
        "cap_share": (
            share is None or 0 < share <= 1,
            "Must be above 0 and at most 1, which is all.",
        ),
    }


def _words(batch: Batch) -> dict[str, tuple[bool, str]]:
    return {
        "name": (bool(batch.name.strip()), "A batch needs a name."),
        "order": (batch.order in Order.values, f"Must be one of {Order.values}."),
        "purpose": (
            batch.purpose in Purpose.values,
            f"Must be one of {Purpose.values}.",
        ),
        "deadline": (
            _is_moment(batch.deadline),
            "Must be a time with its zone.",
        ),
    }


def _of_models(batch: Batch) -> dict[str, tuple[bool, str]]:
    share, beyond = batch.control_share, batch.clear_beyond
    is_cleaning = batch.purpose == Purpose.CLEANING
    return {
        "control_share": (
            share is None or (0 < share <= 1 and batch.order == Order.UNCERTAIN),
            "Must be above 0 and at most 1, which is all; in uncertain order only.",
        ),
        "clear_beyond": (
            beyond is None or (is_cleaning and MIDDLE < beyond < 1),
            "Must be above 0.5 and below 1."
            if is_cleaning
            else "Only a batch for cleaning may be cleared.",
        ),
        "audit_size": (
            1 <= batch.audit_size <= AUDIT_LIMIT,
            f"Must be 1 to {AUDIT_LIMIT}.",
        ),
    }


def _scorer(name: str) -> tuple[bool, str]:
    active = Scorer.objects.filter(is_active=True).order_by("name")
    names = list(active.values_list("name", flat=True))
    return name in names, f"Must be empty or an active scorer: {', '.join(names)}."


def _is_moment(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, datetime) and timezone.is_aware(value)
