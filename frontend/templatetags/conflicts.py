"""The words and votes of conflicts."""

from collections.abc import Mapping, Sequence

from django import template

from annotations.adjudication import Vote

register = template.Library()


@register.filter
def of(votes: Mapping[int, Sequence[Vote]], candidate_id: int) -> Sequence[Vote]:
    """Return the votes on one candidate."""
    return votes.get(candidate_id, ())


@register.filter
def kind_name(kind: str) -> str:
    """Return the words for a kind of conflict."""
    return "waiting for another judge" if kind == "stuck" else kind
