"""Numbers and times as people read them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def grouped(number: float | None) -> str:
    """A whole number with commas between thousands; nothing where there is none."""
    return "" if number is None else f"{round(number):,}"


@register.filter
def percent(share: float | None) -> str:
    """A share in percent, as exact as it says something; a dash for none."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


@register.filter
def exact(number: float | None) -> str:
    """A number between 0 and 1 with three decimals; a dash for none."""
    return "–" if number is None else f"{number:.3f}"


@register.filter
def in_percent(share: float) -> str:
    """A share in percent without the sign, to two digits below 10 and above 90."""
    number = 100 * share
    return (
        f"{number:.0f}"
        if 10 <= number <= 90
        else f"{number:.2f}".rstrip("0").rstrip(".")
    )


@register.filter
def coefficient(number: float | None) -> str:
    """A coefficient with three decimals; a dash for none."""
    return "–" if number is None else f"{number:.3f}".replace("-", "−")


@register.filter
def week_values(week: Mapping[str, Any]) -> list[float | None]:
    """What a week's plot shows."""
    return [week[name] for name in ("krippendorff_alpha", "percent", "gwet_ac1")]


@register.filter
def figure(number: float) -> str:
    """A number with commas and at most one decimal."""
    return f"{number:,.1f}".removesuffix(".0")


@register.filter
def percent_of(part: int, whole: int) -> int:
    """The share in whole percent, rounded down: 100 only where nothing is left."""
    return 100 * part // whole if whole else 0


@register.filter
def is_past(moment: datetime | None) -> bool:
    """Whether a time lies behind us."""
    return moment is not None and moment < timezone.now()


@register.filter
def ago(moment: datetime) -> str:
    """How long a time lies back: one word or two numbers at most."""
    if timezone.now() - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, depth=1)} ago"
