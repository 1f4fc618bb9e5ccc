"""An admin's page of the agreement among a batch's judges."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from annotations import agreement as judges
from annotations import tasks
from annotations.models import AgreementReport, Batch, Candidate, Entity

from .access import PersonRequest, admins_only

RELIABLE, TENTATIVE = 0.800, 0.667
# Explain the difference where alpha is so much below raw agreement and so large a share
# of all verdicts is the same one.
DIFFERENCE, NEARLY_ALL = 0.2, 0.8
MATRIX_JUDGES = (
    12  # a larger matrix does not fit a screen; the page lists pairs instead
)
PAIRS_SHOWN = 100
NAMES = {
    "percent": ("Raw agreement", "how often two judges give the same verdict"),
    "krippendorff_alpha": (
        "Krippendorff’s alpha",
        "beyond chance; works with varying judges and missing verdicts",
    ),
    "gwet_ac1": (
        "Gwet’s AC1",
        "beyond chance; stays stable when nearly all verdicts are yes",
    ),
    "fleiss_kappa": (
        "Fleiss’ kappa",
        "beyond chance; generalised to missing verdicts",
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
    """Show a batch's latest agreement report, and request a new one if it is outdated.

    For htmx, answer only whether there is a newer report than the one shown.
    """
    batch = get_object_or_404(Batch, pk=batch_id)
    latest = judges.latest_report(batch)
    comparison = latest.report
    context: dict[str, Any] = {
        "batch": batch,
        "comparison": comparison,
        "is_current": latest.is_current,
        "problem": latest.problem,
    }
    if request.htmx:
        return _news(request, context)
    if not latest.is_current and not latest.problem:
        tasks.request_agreement(batch.pk)
    if comparison is not None:
        context |= _report_context(comparison, request.GET.get("part", ""))
    return render(request, "frontend/agreement.html", context)


def _news(request: PersonRequest, context: dict[str, Any]) -> HttpResponse:
    """Tell whether a report newer than `shown` exists; reload a page that shows none."""
    shown_at, comparison = request.GET.get("shown", ""), context["comparison"]
    is_new = bool(comparison and comparison.computed_at.isoformat() != shown_at)
    if is_new and not shown_at:
        return HttpResponseClientRefresh()
    return render(
        request,
        "frontend/agreement.html#news",
        context | {"is_new": is_new, "shown": shown_at},
    )


def _report_context(comparison: AgreementReport, part_name: str) -> dict[str, Any]:
    figures, details = judges.as_json(comparison), comparison.details
    parts = {"all": figures} | figures["parts"]
    part = parts.get(part_name) or figures
    pairs = part["pairs"][:PAIRS_SHOWN]
    return {
        "shown": comparison.computed_at.isoformat(),
        "figures": figures,
        "reading": _reading(figures["krippendorff_alpha"]),
        "alpha": _line("krippendorff_alpha", figures),
        "lines": [_line(name, figures) for name in NAMES],
        "has_parted": _has_parted(figures),
        "parts": [(name, title, parts[name]) for name, title in PARTS.items()],
        "part": part_name if part_name in parts else "all",
        "part_title": PARTS.get(part_name, PARTS["all"]),
        "missing": _reasons([part]),
        "weeks": part["weeks"],
        "missing_of_weeks": _reasons(part["weeks"]),
        "matrix": _matrix(figures["per_judge"], part["pairs"]),
        "pairs": pairs,
        "missing_of_pairs": _reasons(pairs),
        "has_more_pairs": len(part["pairs"]) > len(pairs),
        "entities": _entities(details["entities"]),
        "pictures": _pictures(details["pictures"]),
        "reliability": judges.reliability_as_json(comparison, show_names=True),
    }


def _reasons(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the reasons for missing coefficients in these rows, without repetition."""
    reasons = (
        reason
        for row in rows
        for name, reason in row["undefined"].items()
        if not name.startswith("intervals.")
    )
    return list(dict.fromkeys(reasons))


def _line(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    title, explanation = NAMES[name]
    return {
        "title": title,
        "says": explanation,
        "value": figures[name],
        "interval": figures["intervals"][name],
        "reason": figures["undefined"].get(name)
        or figures["undefined"].get(f"intervals.{name}"),
    }


def _reading(alpha: float | None) -> tuple[str, str]:
    """Return a CSS class and a sentence for alpha (Krippendorff, Content Analysis)."""
    if alpha is None:
        return "unknown", "No alpha yet"
    if alpha >= RELIABLE:
        return "reliable", "Reliable: .800 or more"
    if alpha >= TENTATIVE:
        return "tentative", "Tentative: .667 to .800, for cautious conclusions only"
    return "low", "Not reliable enough: below .667"


def _has_parted(figures: Mapping[str, Any]) -> bool:
    """Return whether alpha is far below raw agreement because one verdict dominates."""
    alpha, raw, members = (
        figures[name] for name in ("krippendorff_alpha", "percent", "per_judge")
    )
    counts = [sum(m[value] for m in members) for value in ("yes", "no", "broken")]
    if raw is None or max(counts) < NEARLY_ALL * sum(counts):
        return False
    return bool((raw if alpha is None else raw - alpha) >= DIFFERENCE)


def _matrix(
    members: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
) -> list[tuple[str, list[Any]]]:
    """Return a row of pairs for each judge, None on the diagonal and without shared work."""
    names = [member["judge"] for member in members]
    if not pairs or not 2 <= len(names) <= MATRIX_JUDGES:
        return []
    pairs_by_judges = {frozenset(pair["judges"]): pair for pair in pairs}
    return [(a, [pairs_by_judges.get(frozenset((a, b))) for b in names]) for a in names]


def _entities(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    entities = Entity.objects.in_bulk([row["entity"] for row in rows])
    return [
        dict(row) | {"entity": entity, "share": row["differ"] / row["candidates"]}
        for row in rows
        if (entity := entities.get(row["entity"])) and entity.key
    ]


def _pictures(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    candidates = (
        Candidate.objects.select_related("entity", "image")
        .exclude(state="erased")
        .in_bulk([row["candidate"] for row in rows])
    )
    return [
        {
            "candidate": candidates[row["candidate"]],
            "said": [(v, row[v]) for v in ("yes", "no", "broken") if row[v]],
        }
        for row in rows
        if row["candidate"] in candidates
    ]
