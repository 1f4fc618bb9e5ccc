"""Numbers and times in readable form."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def grouped(number: float | None) -> str:
    """Return a whole number with commas between thousands, or an empty string for None."""
    return "" if number is None else f"{round(number):,}"


@register.filter
def percent(share: float | None) -> str:
    """Return a share in whole percent, or a dash for None. Only 0 and 1 are exact."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


@register.filter
def exact(number: float | None) -> str:
    """Return a number between 0 and 1 with three decimals, or a dash for None."""
    return "–" if number is None else f"{number:.3f}"


@register.filter
def in_percent(share: float) -> str:
    """Return a share in percent without the sign, with up to two decimals near 0 and 100."""
    number = 100 * share
    return (
        f"{number:.0f}"
        if 10 <= number <= 90
        else f"{number:.2f}".rstrip("0").rstrip(".")
    )


@register.filter
def coefficient(number: float | None) -> str:
    """Return a coefficient with three decimals, or a dash for None."""
    return "–" if number is None else f"{number:.3f}".replace("-", "−")


@register.filter
def week_values(week: Mapping[str, Any]) -> list[float | None]:
    """Return the values that the plot shows for a week."""
    return [week[name] for name in ("krippendorff_alpha", "percent", "gwet_ac1")]


@register.filter
def figure(number: float) -> str:
    """Return a number with commas and at most one decimal."""
    return f"{number:,.1f}".removesuffix(".0")


@register.filter
def percent_of(part: int, whole: int) -> int:
    """Return the share in whole percent, rounded down: 100 only if nothing is left."""
    return 100 * part // whole if whole else 0


@register.filter
def is_past(moment: datetime | None) -> bool:
    """Return whether a time is in the past."""
    return moment is not None and moment < timezone.now()


@register.filter
def ago(moment: datetime) -> str:
    """Return how long ago a time was, in one unit."""
    if timezone.now() - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, depth=1)} ago"
