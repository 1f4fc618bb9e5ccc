"""Stored reports as JSON, with usernames or pseudonyms in place of user ids."""

from collections.abc import Iterable
from typing import Any

from annotations.models import AgreementReport, User


def as_json(report: AgreementReport) -> dict[str, Any]:
    """Return the figures of a report for admins, with usernames."""
    figures = report.figures
    names = _names((row["judge"] for row in figures["per_judge"]), show_names=True)
    per_judge = [row | {"judge": names[row["judge"]]} for row in figures["per_judge"]]
    parts = {name: _with_names(part, names) for name, part in figures["parts"].items()}
    return _with_names(figures, names) | {
        "parts": parts,
        "per_judge": sorted(per_judge, key=lambda row: row["judge"]),
        "computed_at": report.computed_at,
    }


def _with_names(part: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    pairs = [
        pair | {"judges": [names[judge] for judge in pair["judges"]]}
        for pair in part["pairs"]
    ]
    return part | {"pairs": pairs}


def reliability_as_json(report: AgreementReport, *, show_names: bool) -> dict[str, Any]:
    """Return the estimated errors of each judge, for adjudicators.

    Judges appear under pseudonyms unless `show_names` is set.
    """
    reliability = report.details["reliability"]
    rows = reliability["judges"]
    names = _names((row["judge"] for row in rows), show_names=show_names)
    judges = [row | {"judge": names[row["judge"]]} for row in rows]
    return {
        "class_shares": None,
        "log_likelihood": None,
        "has_converged": None,
        "computed_at": report.computed_at,
        **reliability,
        "judges": sorted(judges, key=lambda row: row["judge"]),
    }


def _names(judges: Iterable[int], *, show_names: bool) -> dict[int, str]:
    users = User.objects.filter(pk__in=set(judges))
    return {user.pk: user.username if show_names else user.pseudonym for user in users}
