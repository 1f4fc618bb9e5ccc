"""An admin's page of entity statistics: all entities beside a batch or a release."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotations import tasks
from annotations.entities import figures
from annotations.entities.figures import Figure, ListFigures
from annotations.models import Batch, Release, ReleaseState

from .access import PersonRequest, admins_only

VALUES_SHOWN = 12
OFFERED = 50  # of the newest batches and of the newest releases
GROUP_NAME = re.compile(r"(batch|release)-([0-9]{1,18})")


@dataclass(frozen=True)
class Comparison:
    """The batch or release beside the list."""

    name: str  # key of its stored figures
    kind: str
    title: str


@dataclass(frozen=True)
class Bar:
    """A value: its count and share in the list, and beside it in the comparison."""

    value: str
    count: int
    share: float
    beside: float | None
    beside_count: int | None


@dataclass(frozen=True)
class Bars:
    """A property: its bars, the entities that have it, the number of values not shown."""

    title: str
    known: int
    known_beside: int | None
    bars: list[Bar]
    others: int


@admins_only
@require_safe
def the_list(request: PersonRequest) -> HttpResponse:
    """Show the statistics, with a batch or a release beside them if asked for.

    While a worker counts, the page says so and polls.
    """
    comparison = _comparison(request.GET.get("beside", ""))
    whole = _figures(figures.WHOLE)
    beside = _figures(comparison.name) if comparison else None
    is_ready = whole is not None and (comparison is None or beside is not None)
    context: dict[str, Any] = {
        "chosen": comparison,
        "offered": _choices(),
        "whole": whole if is_ready else None,
        "beside": beside,
        "is_ready": is_ready,
    }
    if whole is not None and is_ready:
        context |= {
            "properties": _bars(whole, beside),
            "births": _births(whole, beside),
        }
    template = (
        "frontend/the_list.html#figures" if request.htmx else "frontend/the_list.html"
    )
    return render(request, template, context)


@admins_only
@require_POST
def recount(request: PersonRequest) -> HttpResponse:
    """Delete the stored figures, so that workers count again."""
    figures.forget()
    beside = request.POST.get("beside", "")
    address = reverse("the-list")
    if not GROUP_NAME.fullmatch(beside):
        return redirect(address)
    return redirect(f"{address}?{urlencode({'beside': beside})}")


def _comparison(group_name: str) -> Comparison | None:
    """Return the group named in the URL, None without a name; Http404 if it is gone."""
    match = GROUP_NAME.fullmatch(group_name)
    if not match:
        return None
    kind, digits = match.groups()
    rows: QuerySet[Any] = Batch.objects.all() if kind == "batch" else _releases()
    row: Batch | Release = get_object_or_404(rows, pk=int(digits))
    return Comparison(f"{kind}-{row.pk}", kind, row.name)


def _releases() -> QuerySet[Release]:
    return Release.objects.filter(state=ReleaseState.DONE)


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the groups that can be shown beside the list, by kind: names and titles."""
    batches = Batch.objects.order_by("-pk")[:OFFERED]
    releases = _releases().order_by("-pk")[:OFFERED]
    kinds = [
        ("Batches", [(figures.batch_name(row.pk), row.name) for row in batches]),
        ("Releases", [(figures.release_name(row.pk), row.name) for row in releases]),
    ]
    return [(kind, rows) for kind, rows in kinds if rows]


def _figures(name: str) -> ListFigures | None:
    """Return stored figures. Without any, ask a worker to count and return None."""
    counts = figures.cached(name)
    if counts is None:
        tasks.request_figures(name)
    return counts


def _bars(whole: ListFigures, beside: ListFigures | None) -> list[Bars]:
    return [
        _of("Professions", whole.professions, beside.professions if beside else None),
        _of("Countries", whole.countries, beside.countries if beside else None),
        _of("Gender", whole.gender, beside.gender if beside else None),
        _frequencies(whole.frequency, beside.frequency if beside else None),
    ]


def _of(title: str, whole: Figure, beside: Figure | None) -> Bars:
    """Return the most frequent values of the list."""
    names = list(whole.counts)
    bars = [_bar(name, name, whole, beside) for name in names[:VALUES_SHOWN]]
    hidden = len(names) - len(bars)
    return Bars(title, whole.known, beside.known if beside else None, bars, hidden)


def _frequencies(whole: Figure, beside: Figure | None) -> Bars:
    """Return frequencies by power of ten, the smallest first."""
    sizes = sorted(whole.counts, key=int)
    bars = [_bar(_size(int(digits)), digits, whole, beside) for digits in sizes]
    title = "Frequency (documents that mention them)"
    return Bars(title, whole.known, beside.known if beside else None, bars, 0)


def _size(digits: int) -> str:
    return f"{10 ** (digits - 1):,} to {10**digits - 1:,}"


def _bar(title: str, value: str, whole: Figure, beside: Figure | None) -> Bar:
    return Bar(
        title,
        whole.counts.get(value, 0),
        whole.share(value),
        beside.share(value) if beside else None,
        beside.counts.get(value, 0) if beside else None,
    )


def _births(
    whole: ListFigures, beside: ListFigures | None
) -> list[tuple[str, float, float | None]]:
    """Return every decade from the first to the last, with its share in percent."""
    decades = [int(decade) for decade in whole.births.counts]
    if not decades:
        return []
    return [
        (
            str(decade),
            100 * whole.births.share(f"{decade:04}"),
            100 * beside.births.share(f"{decade:04}") if beside else None,
        )
        for decade in range(min(decades), max(decades) + 1, 10)
    ]
