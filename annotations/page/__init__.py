"""What one judge sees on one screen: one typed value for the template and the API."""

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

from .settled import settled_beside, settled_picture

__all__ = ["Page", "Tile", "of", "settled_picture"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One candidate on the page, under the only name that its judge knows it by."""

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
    """An assignment with all that its screen shows.

    `done` counts the pages of this entity that this judge has submitted, `total`
    estimates how many there are, from the number of candidates alone.
    """

    assignment: Assignment
    batch: Batch
    entity: Entity
    aliases: Sequence[str]
    representative: Candidate | None
    is_representative_verified: bool
    settled: Sequence[int]  # places of settled pictures of the entity beside the page
    tiles: Sequence[Tile]
    done: int
    total: int

    @property
    def shown(self) -> list[Tile]:
        """The tiles as a screen shows them: what cannot be seen comes last."""
        return sorted(self.tiles, key=lambda tile: tile.is_unreadable)

    @property
    def is_submitted(self) -> bool:
        """Whether it was handed in; corrections are still taken."""
        return self.assignment.state == AssignmentState.SUBMITTED


def of(assignment: Assignment) -> Page:
    """Build the page of an assignment, whatever its state, for its judge."""
    entity = assignment.entity
    representative, is_verified = images.representative_of(entity)
    done, total = _count(assignment)
    return Page(
        assignment,
        assignment.batch,
        entity,
        list(entity.other_names.values_list("name", flat=True)[:20]),
        representative,
        is_verified,
        range(len(settled_beside(assignment))),
        _tiles(assignment),
        done,
        total,
    )


def _tiles(assignment: Assignment) -> list[Tile]:
    found = Candidate.objects.in_bulk(assignment.candidates)
    said = {
        number: (verdict, reason)
        for number, verdict, reason in Judgment.objects.filter(
            batch=assignment.batch_id,
            candidate__in=assignment.candidates,
            judge=assignment.judge_id,
        ).values_list("candidate_id", "verdict", "reason")
    }
    reported = set(
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
            found[number],
            *said.get(number, (None, "")),
            is_reported=number in reported,
        )
        for position, number in enumerate(assignment.candidates)
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


def _count(assignment: Assignment) -> tuple[int, int]:
    """Pages done and in all. Says nothing of what others did: members / page size."""
    own = Assignment.objects.filter(
        batch=assignment.batch_id,
        entity=assignment.entity_id,
        judge=assignment.judge_id,
    )
    states = list(own.values_list("state", flat=True))
    done = states.count(AssignmentState.SUBMITTED)
    members = BatchEntity.objects.values_list("total", flat=True).get(
        batch=assignment.batch_id, entity=assignment.entity_id
    )
    pages = -(-members // assignment.batch.page_size)
    return done, max(pages, done + states.count(AssignmentState.HELD))
