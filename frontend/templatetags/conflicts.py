"""What was said, by candidate."""

from collections.abc import Mapping, Sequence

from django import template

from annotations.adjudication import Vote

register = template.Library()


@register.filter
def of(votes: Mapping[int, Sequence[Vote]], candidate: int) -> Sequence[Vote]:
    """The votes on one candidate."""
    return votes.get(candidate, ())
