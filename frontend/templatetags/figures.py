"""Figures as people read them, and dates with what they mean now."""

from typing import Any

from django import template
from django.utils import timezone

from annotations.models import Batch, BatchState

register = template.Library()


@register.filter
def grouped(number: int | None) -> str:
    """A whole number with commas: 1,234,567."""
    return "" if number is None else f"{number:,}"


@register.filter
def percent(share: float | None) -> str:
    """A share in percent, as exact as it says something; a dash for none."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "< 1 %"
    return f"{100 * share:.0f} %"


@register.inclusion_tag("frontend/parts/deadline.html")
def deadline(batch: Batch) -> dict[str, Any]:
    """When a batch shall be done, and whether that is over; nothing without one."""
    due = batch.deadline
    is_over = due is not None and due < timezone.now()
    return {"due": due, "is_overdue": is_over and batch.state != BatchState.CLOSED}
