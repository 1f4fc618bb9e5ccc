"""The page: one judge's view of an assignment, as a value for the template and the API."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations import images
from annotations.consensus import Verdict
from annotations.models import (
    Assignment,
    AssignmentState,
    Batch,
    BatchEntity,
    Candidate,
    CandidateState,
    Entity,
    Judgment,
    Report,
)

from .settled_pictures import (
    choose_settled_pictures,
    settled_picture,
    settled_pictures,
)
from .unblinding import unblind

__all__ = ["Page", "Tile", "build_page", "settled_picture", "unblind"]

NAMES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Tile:
    """One candidate on the page. Its tile id is the only id that the judge sees."""

    id: str
    position: int
    image_url: str
    page_url: str
    rank: int | None
    face_id: str
    frame: Sequence[float] | None  # x1 y1 x2 y2, relative to the picture
    is_unreadable: bool
    is_erased: bool
    is_reported: bool  # by this judge
    verdict: Verdict | None
    reason: str  # this judge's comment on the verdict


@dataclass(frozen=True, slots=True)
class Page:
    """An assignment with everything that its screen shows.

    `done` is the number of pages of this entity that this judge has submitted. `total`
    is an estimate of the number of pages, from the number of candidates alone.
    """

    assignment: Assignment
    batch: Batch
    entity: Entity
    aliases: Sequence[str]
    representative: Candidate | None
    is_representative_verified: bool
    settled: Sequence[int]  # indexes of the settled pictures beside the page
    tiles: Sequence[Tile]
    done: int
    total: int

    @property
    def shown(self) -> list[Tile]:
        """The tiles in the order of the screen: unreadable pictures come last."""
        return sorted(self.tiles, key=lambda tile: tile.is_unreadable)

    @property
    def is_submitted(self) -> bool:
        """Whether the page was submitted. Corrections are still accepted."""
        return self.assignment.state == AssignmentState.SUBMITTED


def build_page(assignment: Assignment, *, is_leased_now: bool = False) -> Page:
    """Return the page of an assignment in any state, for its judge.

    With `is_leased_now`, choose the settled pictures beside it and remember that this
    judge sees them. Without, show only those that the judge was shown before.
    """
    choose = choose_settled_pictures if is_leased_now else settled_pictures
    entity = assignment.entity
    representative, is_verified = images.representative_of(entity)
    submitted, total = _page_counts(assignment)
    return Page(
        assignment,
        assignment.batch,
        entity,
        list(entity.other_names.values_list("name", flat=True)[:NAMES_SHOWN]),
        representative,
        is_verified,
        range(len(choose(assignment))),
        _tiles(assignment),
        submitted,
        total,
    )


def _tiles(assignment: Assignment) -> list[Tile]:
    candidates = Candidate.objects.in_bulk(assignment.candidates)
    judgments = {
        candidate_id: (verdict, reason)
        for candidate_id, verdict, reason in Judgment.objects.filter(
            batch=assignment.batch_id,
            candidate__in=assignment.candidates,
            judge=assignment.judge_id,
        ).values_list("candidate_id", "verdict", "reason")
    }
    reported_ids = set(
        Report.objects.filter(
            candidate__in=assignment.candidates,
            by=assignment.judge_id,
            dismissed_at__isnull=True,
        ).values_list("candidate_id", flat=True)
    )
    return [
        _tile(
            assignment,
            position,
            candidates[candidate_id],
            *judgments.get(candidate_id, (None, "")),
            is_reported=candidate_id in reported_ids,
        )
        for position, candidate_id in enumerate(assignment.candidates)
    ]


def _tile(
    assignment: Assignment,
    position: int,
    candidate: Candidate,
    verdict: str | None,
    reason: str,
    *,
    is_reported: bool,
) -> Tile:
    return Tile(
        assignment.tile_id(position),
        position,
        candidate.image_url,
        candidate.page_url,
        candidate.rank,
        candidate.face_id,
        candidate.frame,
        candidate.state in (CandidateState.UNREADABLE, CandidateState.EMPTY),
        candidate.state == CandidateState.ERASED,
        is_reported,
        Verdict(verdict) if verdict else None,
        reason,
    )


def _page_counts(assignment: Assignment) -> tuple[int, int]:
    """Return the pages that this judge has submitted, and an estimate of all pages.

    The estimate is members / page size. It reveals nothing about other judges.
    """
    assignments = Assignment.objects.filter(
        batch=assignment.batch_id,
        entity=assignment.entity_id,
        judge=assignment.judge_id,
    )
    states = list(assignments.values_list("state", flat=True))
    submitted = states.count(AssignmentState.SUBMITTED)
    members = BatchEntity.objects.values_list("total", flat=True).get(
        batch=assignment.batch_id, entity=assignment.entity_id
    )
    pages = -(-members // assignment.batch.page_size)
    return submitted, max(pages, submitted + states.count(AssignmentState.HELD))
