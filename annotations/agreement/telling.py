"""What is stored, told with names: judges by theirs, or by pseudonyms."""

from collections.abc import Iterable
from typing import Any

from annotations.models import AgreementReport, User


def told(comparison: AgreementReport) -> dict[str, Any]:
    """The figures as an admin may see them."""
    figures = comparison.figures
    names = _names((each["judge"] for each in figures["per_judge"]), is_named=True)
    per_judge = [
        each | {"judge": names[each["judge"]]} for each in figures["per_judge"]
    ]
    parts = {name: _named(each, names) for name, each in figures["parts"].items()}
    return _named(figures, names) | {
        "parts": parts,
        "per_judge": sorted(per_judge, key=lambda each: each["judge"]),
        "computed_at": comparison.computed_at,
    }


def _named(part: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    """A part with the names of its pairs."""
    pairs = [
        pair | {"judges": [names[judge] for judge in pair["judges"]]}
        for pair in part["pairs"]
    ]
    return part | {"pairs": pairs}


def reliability_of(comparison: AgreementReport, *, names: bool) -> dict[str, Any]:
    """What each judge is like, for whoever settles conflicts.

    Judges go by pseudonyms unless the reader may see `names`.
    """
    found = comparison.details["reliability"]
    called = _names((each["judge"] for each in found["judges"]), is_named=names)
    judges = [each | {"judge": called[each["judge"]]} for each in found["judges"]]
    return {
        "class_shares": None,
        "log_likelihood": None,
        "has_converged": None,
        "computed_at": comparison.computed_at,
        **found,
        "judges": sorted(judges, key=lambda each: each["judge"]),
    }


def _names(judges: Iterable[int], *, is_named: bool) -> dict[int, str]:
    found = User.objects.filter(pk__in=set(judges))
    return {u.pk: u.username if is_named else u.pseudonym for u in found}
