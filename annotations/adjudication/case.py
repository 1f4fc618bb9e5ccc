"""The data of one conflict, as one typed value for the page and the API."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.crypto import salted_hmac

from annotations import images, sql
from annotations.consensus import Verdict
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

from .rulings import not_in_conflicts

SETTLED_SHOWN = 6
SETTLED = f"""
SELECT c.id FROM annotations_candidate c
WHERE c.entity_id = %(entity)s AND c.state = 'ready' AND c.id <> %(candidate)s
  AND {fragments.is_settled_as_yes("c")}
ORDER BY c.rank NULLS LAST, c.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Vote:
    """One judge's current verdict on a candidate.

    `who` is a letter: the same for every reader of this candidate, another one on other
    candidates. `judge` is hidden from everyone until the candidate has a ruling.
    """

    who: str
    judge: int
    username: str
    verdict: Verdict
    reason: str
    decided_at: datetime
    is_independent: bool  # given without having seen votes


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate that is in the conflicts, or has a standing ruling."""

    batch: Batch
    candidate: Candidate
    entity: Entity
    representative: Candidate | None
    is_representative_verified: bool
    settled: Sequence[int]  # positions of settled pictures of the entity
    conflict: Conflict | None  # None once it is resolved
    ruling: Ruling | None  # the standing one
    votes: Sequence[Vote]
    reports: Sequence[Report]
    comments: Sequence[Comment]
    second_looks: Sequence[SecondLook]

    @property
    def names_are_shown(self) -> bool:
        """Whether the page shows judges by name: only once there is a ruling."""
        return self.ruling is not None


def case_of(batch: Batch, candidate_id: int) -> Case:
    """Return the case of a candidate in the conflicts, or with a standing ruling."""
    conflict = (
        Conflict.objects.select_related("held_by")
        .filter(batch=batch, candidate=candidate_id)
        .first()
    )
    ruling = (
        Ruling.objects.select_related("by")
        .filter(batch=batch, candidate=candidate_id, reopened_at__isnull=True)
        .first()
    )
    if conflict is None and ruling is None:
        raise not_in_conflicts(candidate_id)
    candidate = Candidate.objects.select_related("entity", "image").get(pk=candidate_id)
    representative, is_verified = images.representative_of(candidate.entity)
    filters = {"batch": batch, "candidate": candidate}
    second_looks = SecondLook.objects.select_related("judge").filter(**filters)
    return Case(
        batch,
        candidate,
        candidate.entity,
        representative,
        is_verified,
        range(len(settled_pictures(candidate))),
        conflict,
        ruling,
        votes_on(batch, candidate),
        _open_reports(candidate),
        list(Comment.objects.select_related("by").filter(**filters).order_by("pk")),
        list(second_looks.order_by("pk")),
    )


def _open_reports(candidate: Candidate) -> list[Report]:
    reports = Report.objects.filter(candidate=candidate, dismissed_at__isnull=True)
    return list(reports.select_related("by").order_by("pk"))


def votes_on(batch: Batch, candidate: Candidate) -> list[Vote]:
    """Return the votes on a candidate in the order of their letters, with skips."""
    return votes_by_candidate(batch, [candidate.pk]).get(candidate.pk, [])


def votes_by_candidate(
    batch: Batch, candidates: Sequence[int]
) -> dict[int, list[Vote]]:
    """Return the votes on candidates, read by one statement.

    Candidates without a vote are missing.
    """
    judgments = Judgment.objects.select_related("judge").filter(
        batch=batch, candidate__in=candidates
    )
    votes: dict[int, list[Vote]] = {}
    for judgment in sorted(judgments, key=_random_order):
        candidate_votes = votes.setdefault(judgment.candidate_id, [])
        letter = string.ascii_uppercase[len(candidate_votes) % 26]
        candidate_votes.append(_vote(judgment, letter))
    return votes


def _random_order(judgment: Judgment) -> str:
    """Return a sort key for the letters.

    It does not depend on verdicts or their time, and differs between candidates.
    """
    text = f"{judgment.candidate_id}:{judgment.judge_id}"
    return salted_hmac("letter of a vote", text).hexdigest()


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


def can_see_candidate(candidate: int) -> bool:
    """Return whether adjudicators can see a candidate: in any conflicts, or ruled on."""
    return _is_adjudicated(Q(candidate=candidate))


def can_see_entity(entity: Entity) -> bool:
    """Return whether adjudicators can see an entity: they see a candidate of it."""
    candidates = Candidate.objects.filter(entity=entity).values("pk")
    return _is_adjudicated(Q(candidate__in=candidates))


def _is_adjudicated(candidates: Q) -> bool:
    return (
        Conflict.objects.filter(candidates).exists()
        or Ruling.objects.filter(candidates, reopened_at__isnull=True).exists()
    )


def settled_pictures(candidate: Candidate) -> list[int]:
    """Return other candidates of the entity that are settled as yes.

    There are at most SETTLED_SHOWN of them.
    """
    return sql.column(
        SETTLED,
        {
            "entity": candidate.entity_id,
            "candidate": candidate.pk,
            "limit": SETTLED_SHOWN,
        },
    )
