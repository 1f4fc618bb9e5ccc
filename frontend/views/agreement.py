"""How far the judges of a batch agree, for who runs it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from annotations import agreement as judges
from annotations import tasks
from annotations.models import AgreementReport, Batch, Candidate, Entity

from .access import PersonRequest, admins_only

RELIABLE, TENTATIVE = 0.800, 0.667
# Agreement beside an alpha that is that much lower wants a word, where so large a share
# of the verdicts are the same one.
PARTED, NEARLY_ALL = 0.2, 0.8
MATRIX_JUDGES = 12  # more do not fit a screen: then pairs are a list
PAIRS_SHOWN = 100
NAMES = {
    "percent": ("Raw agreement", "how often two judges say the same"),
    "krippendorff_alpha": (
        "Krippendorff’s alpha",
        "beyond chance; fit for varying judges and gaps",
    ),
    "gwet_ac1": ("Gwet’s AC1", "beyond chance; stays steady when nearly all is yes"),
    "fleiss_kappa": (
        "Fleiss’ kappa",
        "beyond chance; generalised to gaps",
    ),
}
PARTS = {
    "all": "All verdicts",
    "all_without_broken": "All, without broken",
    "control": "Random control share",
    "control_without_broken": "Control share, without broken",
}


@admins_only
@require_safe
def agreement(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show what is known of a batch's agreement, and have it worked out where old.

    What htmx asks for is only whether there is news.
    """
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    found = judges.latest(batch)
    comparison = found.comparison
    context: dict[str, Any] = {
        "batch": batch,
        "comparison": comparison,
        "is_current": found.is_current,
        "problem": found.problem,
    }
    if request.htmx:
        return _news(request, context)
    if not found.is_current and not found.problem:
        tasks.ask_for_agreement(batch.pk)
    if comparison is not None:
        context |= _shown(comparison, request.GET.get("part", ""))
    return render(request, "frontend/agreement.html", context)


def _news(request: PersonRequest, context: dict[str, Any]) -> HttpResponse:
    """Whether there is something newer than the page shows; at first it just comes."""
    shown, comparison = request.GET.get("shown", ""), context["comparison"]
    is_new = bool(comparison and comparison.computed_at.isoformat() != shown)
    if is_new and not shown:
        return HttpResponseClientRefresh()
    return render(
        request,
        "frontend/agreement.html#news",
        context | {"is_new": is_new, "shown": shown},
    )


def _shown(comparison: AgreementReport, named: str) -> dict[str, Any]:
    figures, details = judges.told(comparison), comparison.details
    parts = {"all": figures} | figures["parts"]
    part = parts.get(named) or figures
    pairs = part["pairs"][:PAIRS_SHOWN]
    return {
        "shown": comparison.computed_at.isoformat(),
        "figures": figures,
        "reading": _reading(figures["krippendorff_alpha"]),
        "alpha": _line("krippendorff_alpha", figures),
        "lines": [_line(name, figures) for name in NAMES],
        "has_parted": _has_parted(figures),
        "parts": [(name, title, parts[name]) for name, title in PARTS.items()],
        "part": named if named in parts else "all",
        "part_title": PARTS.get(named, PARTS["all"]),
        "missing": _reasons([part]),
        "weeks": part["weeks"],
        "missing_of_weeks": _reasons(part["weeks"]),
        "matrix": _matrix(figures["per_judge"], part["pairs"]),
        "pairs": pairs,
        "missing_of_pairs": _reasons(pairs),
        "has_more_pairs": len(part["pairs"]) > len(pairs),
        "entities": _entities(details["entities"]),
        "pictures": _pictures(details["pictures"]),
        "reliability": judges.reliability_of(comparison, names=True),
    }


def _reasons(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Why coefficients of these rows are missing, each reason once."""
    reasons = (
        reason
        for row in rows
        for name, reason in row["undefined"].items()
        if not name.startswith("intervals.")
    )
    return list(dict.fromkeys(reasons))


def _line(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    title, says = NAMES[name]
    return {
        "title": title,
        "says": says,
        "value": figures[name],
        "interval": figures["intervals"][name],
        "reason": figures["undefined"].get(name)
        or figures["undefined"].get(f"intervals.{name}"),
    }


def _reading(alpha: float | None) -> tuple[str, str]:
    """How alpha is read (Krippendorff, Content Analysis): a class and a sentence."""
    if alpha is None:
        return "unknown", "There is no alpha yet"
    if alpha >= RELIABLE:
        return "reliable", "Reliable: .800 or more"
    if alpha >= TENTATIVE:
        return "tentative", "Tentative: .667 to .800, for careful conclusions only"
    return "low", "Not reliable enough: below .667"


def _has_parted(figures: Mapping[str, Any]) -> bool:
    """Whether raw agreement is high and alpha is not because nearly all is alike."""
    alpha, raw, members = (
        figures[name] for name in ("krippendorff_alpha", "percent", "per_judge")
    )
    said = [sum(each[value] for each in members) for value in ("yes", "no", "broken")]
    if raw is None or max(said) < NEARLY_ALL * sum(said):
        return False
    return (raw if alpha is None else raw - alpha) >= PARTED


def _matrix(
    members: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
) -> list[tuple[str, list[Any]]]:
    """Each judge's row of pairs, None on the diagonal and where nothing is shared."""
    names = [each["judge"] for each in members]
    if not pairs or not 2 <= len(names) <= MATRIX_JUDGES:
        return []
    found = {frozenset(pair["judges"]): pair for pair in pairs}
    return [(a, [found.get(frozenset((a, b))) for b in names]) for a in names]


def _entities(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = Entity.objects.in_bulk([row["entity"] for row in rows])
    return [
        dict(row)
        | {"entity": found[row["entity"]], "share": row["differ"] / row["candidates"]}
        for row in rows
        if row["entity"] in found and found[row["entity"]].key
    ]


def _pictures(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    numbers = [row["candidate"] for row in rows]
    chosen = Candidate.objects.select_related("entity", "image")
    found = chosen.exclude(state="erased").in_bulk(numbers)
    return [
        {
            "candidate": found[row["candidate"]],
            "said": [(v, row[v]) for v in ("yes", "no", "broken") if row[v]],
        }
        for row in rows
        if row["candidate"] in found
    ]
