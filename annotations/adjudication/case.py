"""What is seen of one conflict: one typed value for the page and the API."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.utils.crypto import salted_hmac

from annotations import images
from annotations.consensus import Verdict
from annotations.errors import NotFound
from annotations.models import (
    Batch,
    Candidate,
    Comment,
    Conflict,
    Entity,
    Judgment,
    Report,
    Ruling,
    SecondLook,
)
from annotations.sql import fragments

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Vote:
    """What one judge says of a candidate now. `who` is a letter, the same for a reader
    of this candidate and saying nothing about others; `judge` is not shown to anybody
    before a ruling stands."""

    who: str
    judge: int
    username: str
    verdict: Verdict
    reason: str
    decided_at: datetime
    is_independent: bool  # given without having seen votes


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate that is in the conflicts, or that was ruled on."""

    batch: Batch
    candidate: Candidate
    entity: Entity
    representative: Candidate | None
    is_representative_verified: bool
    settled: Sequence[int]  # places of settled pictures of the entity
    conflict: Conflict | None  # None once it is settled
    ruling: Ruling | None  # the one that stands
    votes: Sequence[Vote]
    reports: Sequence[Report]
    comments: Sequence[Comment]
    second_looks: Sequence[SecondLook]

    @property
    def names_are_shown(self) -> bool:
        """Who said what is hidden until it is ruled."""
        return self.ruling is not None


def case_of(batch: Batch, number: int) -> Case:
    """The case of a candidate that is in the conflicts, or has a standing ruling."""
    conflict = (
        Conflict.objects.select_related("held_by")
        .filter(batch=batch, candidate=number)
        .first()
    )
    ruling = (
        Ruling.objects.select_related("by")
        .filter(batch=batch, candidate=number, reopened_at__isnull=True)
        .first()
    )
    if conflict is None and ruling is None:
        raise NotFound(f"Candidate {number} is not in the conflicts of this batch.")
    candidate = Candidate.objects.select_related("entity", "image").get(pk=number)
    representative, is_verified = images.representative_of(candidate.entity)
    here = {"batch": batch, "candidate": candidate}
    return Case(
        batch,
        candidate,
        candidate.entity,
        representative,
        is_verified,
        range(len(settled_beside(candidate))),
        conflict,
        ruling,
        votes_on(batch, candidate),
        list(
            Report.objects.select_related("by")
            .filter(candidate=candidate, dismissed_at__isnull=True)
            .order_by("pk")
        ),
        list(Comment.objects.select_related("by").filter(**here).order_by("pk")),
        list(SecondLook.objects.select_related("judge").filter(**here).order_by("pk")),
    )


def votes_on(batch: Batch, candidate: Candidate) -> list[Vote]:
    """What was said of a candidate, in the order of the letters, skips included."""
    return votes_on_all(batch, [candidate.pk]).get(candidate.pk, [])


def votes_on_all(batch: Batch, candidates: Sequence[int]) -> dict[int, list[Vote]]:
    """What was said of candidates, in one statement; those without a vote are left out."""
    said = Judgment.objects.select_related("judge").filter(
        batch=batch, candidate__in=candidates
    )
    found: dict[int, list[Vote]] = {}
    for judgment in sorted(said, key=_lot):
        votes = found.setdefault(judgment.candidate_id, [])
        votes.append(_vote(judgment, string.ascii_uppercase[len(votes) % 26]))
    return found


def _lot(judgment: Judgment) -> str:
    """Lots decide who is A: the same whatever is said later, another for each candidate."""
    of_both = f"{judgment.candidate_id}:{judgment.judge_id}"
    return salted_hmac("letter of a vote", of_both).hexdigest()


def _vote(judgment: Judgment, who: str) -> Vote:
    return Vote(
        who,
        judgment.judge_id,
        judgment.judge.username,
        Verdict(str(judgment.verdict)),
        judgment.reason,
        judgment.decided_at,
        judgment.blind_verdict == judgment.verdict,
    )


def may_see(candidate: int) -> bool:
    """Whether adjudicators may see a candidate: in some conflicts, or ruled on."""
    of_it = Q(candidate=candidate)
    return (
        Conflict.objects.filter(of_it).exists()
        or Ruling.objects.filter(of_it, reopened_at__isnull=True).exists()
    )


def may_see_entity(entity: Entity) -> bool:
    """Whether adjudicators may see an entity: some candidate of it."""
    own = Candidate.objects.filter(entity=entity).values("pk")
    return (
        Conflict.objects.filter(candidate__in=own).exists()
        or Ruling.objects.filter(candidate__in=own, reopened_at__isnull=True).exists()
    )


SETTLED = f"""
SELECT c.id FROM annotations_candidate c
WHERE c.entity_id = %(entity)s AND c.state = 'ready' AND c.id <> %(candidate)s
  AND {fragments.is_settled_as_yes("c")}
ORDER BY c.rank NULLS LAST, c.id LIMIT %(limit)s
"""


def settled_beside(candidate: Candidate) -> list[int]:
    """Other pictures of its entity that are settled as yes, at most `SHOWN`."""
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLED,
            {
                "entity": candidate.entity_id,
                "candidate": candidate.pk,
                "limit": SHOWN,
            },
        )
        return [row[0] for row in cursor]
