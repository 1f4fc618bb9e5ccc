"""An admin's page of the list in figures: what kinds of entities there are, and
in a batch or a release."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from annotations import tasks
from annotations.entities import figures
from annotations.entities.figures import Figure, ListFigures
from annotations.models import Batch, Release, ReleaseState

from .access import PersonRequest, admins_only

VALUES_SHOWN = 12
OFFERED = 50  # batches, and releases, the newest
NAMED = re.compile(r"(batch|release)-([0-9]{1,18})")


@dataclass(frozen=True)
class Chosen:
    """What stands beside the list: a batch or a release."""

    name: str  # that its figures are kept by
    kind: str
    title: str


@dataclass(frozen=True)
class Bar:
    """A value: how many of the list have it, and their shares in the list and beside it."""

    value: str
    count: int
    share: float
    beside: float | None
    beside_count: int | None


@dataclass(frozen=True)
class Bars:
    """A property: its values, who has it at all, and how many values are not shown."""

    title: str
    known: int
    known_beside: int | None
    bars: list[Bar]
    others: int


@admins_only
@require_safe
def the_list(request: PersonRequest) -> HttpResponse:
    """Show what was counted, of a batch or a release beside it where asked; else wait
    for a worker."""
    chosen = _chosen(request.GET.get("beside", ""))
    whole = _known(figures.WHOLE)
    beside = _known(chosen.name) if chosen else None
    is_ready = whole is not None and (chosen is None or beside is not None)
    context: dict[str, Any] = {
        "chosen": chosen,
        "offered": _offered(),
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
def anew(request: PersonRequest) -> HttpResponse:
    """Forget what was counted, so that it is counted again."""
    figures.forget()
    beside = request.POST.get("beside", "")
    address = reverse("the-list")
    if not NAMED.fullmatch(beside):
        return redirect(address)
    return redirect(f"{address}?{urlencode({'beside': beside})}")


def _chosen(named: str) -> Chosen | None:
    """What the address names, if anything; what there is not is not found."""
    found = NAMED.fullmatch(named)
    if not found:
        return None
    kind, number = found.groups()
    rows = Batch.objects.all() if kind == "batch" else _releases()
    row = rows.filter(pk=int(number)).first()
    if row is None:
        raise Http404
    return Chosen(f"{kind}-{row.pk}", kind, row.name)


def _releases() -> QuerySet[Release]:
    return Release.objects.filter(state=ReleaseState.DONE)


def _offered() -> list[tuple[str, list[tuple[str, str]]]]:
    """What may stand beside the list, by kind: names and titles."""
    batches = Batch.objects.order_by("-pk")[:OFFERED]
    releases = _releases().order_by("-pk")[:OFFERED]
    kinds = [
        ("Batches", [(figures.batch_name(each.pk), each.name) for each in batches]),
        ("Releases", [(figures.release_name(each.pk), each.name) for each in releases]),
    ]
    return [(kind, rows) for kind, rows in kinds if rows]


def _known(name: str) -> ListFigures | None:
    """What was counted; where nothing was, a worker is asked to."""
    found = figures.known(name)
    if found is None:
        tasks.ask_for_figures(name)
    return found


def _bars(whole: ListFigures, beside: ListFigures | None) -> list[Bars]:
    of = beside or None
    return [
        _of("Professions", whole.professions, of and of.professions),
        _of("Countries", whole.countries, of and of.countries),
        _of("Gender", whole.gender, of and of.gender),
        _frequencies(whole.frequency, of and of.frequency),
    ]


def _of(title: str, whole: Figure, beside: Figure | None) -> Bars:
    """The most frequent values of the list."""
    names = list(whole.counts)
    bars = [_bar(name, name, whole, beside) for name in names[:VALUES_SHOWN]]
    others = len(names) - len(bars)
    return Bars(title, whole.known, beside.known if beside else None, bars, others)


def _frequencies(whole: Figure, beside: Figure | None) -> Bars:
    """By size, the smallest first: frequencies differ by powers of ten."""
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
    """Every decade from the first to the last, with its share in percent."""
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
