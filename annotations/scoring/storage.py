"""Candidates read before they are scored, and scores written afterwards."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from annotations import sql
from annotations.models import CandidateState, Outcome, Scorer
from annotations.sql import fragments

from .base import Analysis, Detection
from .features import Comparison, Subject

BOX_COLUMNS = 6  # x1 y1 x2 y2, detection, side

READ = f"""
SELECT c.entity_id, c.id, encode(i.sha256, 'hex') AS sha256, c.rank, c.state,
       coalesce(i.sha256 = e.representative, false) AS is_named,
       {fragments.is_settled_as_yes("c")} AS is_settled,
       {fragments.is_refused("c")} OR {fragments.has_open_report("c.id")}
           AS is_refused,
       s.outcome, s.faces, s.problem, s.box, s.side, s.detection, s.similarity,
       s.cohesion, s.compared, m.vectors, m.boxes
FROM annotations_candidate c
JOIN annotations_entity e ON e.id = c.entity_id
JOIN annotations_image i ON i.id = c.image_id
LEFT JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
LEFT JOIN annotations_embedding m
  ON m.scorer_id = %(scorer)s AND m.candidate_id = c.id
WHERE c.entity_id = ANY(%(entities)s) AND {fragments.is_judgeable("c")}
ORDER BY c.entity_id, c.rank NULLS LAST, c.id
"""
# Erasures and imports also lock the entity, so scores are written for existing rows only.
LOCK = "SELECT FROM annotations_entity WHERE id = %s FOR SHARE"
WRITE = """
INSERT INTO annotations_score
    (scorer_id, candidate_id, outcome, problem, faces, box, side, detection, similarity,
     cohesion, compared, probability, fit_id, scored_at)
SELECT %(scorer)s, t.candidate, t.outcome, t.problem, t.faces, t.box, t.side,
       t.detection, t.similarity, t.cohesion, t.compared, t.probability, %(fit)s,
       clock_timestamp()
FROM jsonb_to_recordset(%(scores)s) AS t (
    candidate bigint, sha256 text, outcome text, problem text, faces smallint,
    box float8[], side float8, detection float8, similarity float8, cohesion float8,
    compared smallint, probability float8)
JOIN annotations_candidate c ON c.id = t.candidate
JOIN annotations_image i
  ON i.id = c.image_id AND encode(i.sha256, 'hex') = t.sha256
ON CONFLICT (scorer_id, candidate_id) DO UPDATE
SET outcome = excluded.outcome, problem = excluded.problem, faces = excluded.faces,
    box = excluded.box, side = excluded.side, detection = excluded.detection,
    similarity = excluded.similarity, cohesion = excluded.cohesion,
    compared = excluded.compared, probability = excluded.probability,
    fit_id = excluded.fit_id, scored_at = excluded.scored_at
"""
WRITE_EMBEDDINGS = """
INSERT INTO annotations_embedding (scorer_id, candidate_id, vectors, boxes)
SELECT %(scorer)s, t.candidate, t.vectors, t.boxes
FROM unnest(%(candidates)s::bigint[], %(vectors)s::bytea[], %(boxes)s::bytea[])
    AS t (candidate, vectors, boxes)
JOIN annotations_score s
  ON s.scorer_id = %(scorer)s AND s.candidate_id = t.candidate
ON CONFLICT (scorer_id, candidate_id) DO UPDATE
SET vectors = excluded.vectors, boxes = excluded.boxes
"""


@dataclass(slots=True)
class StoredCandidate:
    """A candidate with its stored analysis and comparison.

    `is_named`: it is the entity's representative by name. `is_settled`: people settled
    it as yes. `is_refused`: people settled it otherwise, or reported it. `is_first`: it
    is the first readable one by rank that is not refused.
    """

    id: int
    sha256: str
    rank: int | None
    state: str
    is_named: bool
    is_settled: bool
    is_refused: bool
    analysis: Analysis | None  # None if the picture has to be analysed
    comparison: Comparison | None  # the features of the last comparison
    faces: int  # in the last analysis
    is_new: bool  # has no score yet
    is_first: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether there is a readable picture."""
        return self.state == CandidateState.READY

    @property
    def is_reference(self) -> bool:
        """Whether other candidates can be compared with it."""
        is_eligible = self.is_settled or self.is_named or self.is_first
        return is_eligible and not self.is_refused

    def subject(self, analysis: Analysis) -> Subject:
        """Return the candidate in the form that is compared."""
        return Subject(
            self.id,
            self.sha256,
            self.rank,
            analysis.detections,
            self.is_settled,
            self.is_named,
            self.is_refused,
        )


@dataclass(slots=True)
class EntityScores:
    """New scores of one entity."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    analyses: Mapping[int, Analysis] = field(default_factory=dict)  # new ones
    is_complete: bool = True  # no picture of the entity is left to analyse


def read(scorer: Scorer, entities: Sequence[int]) -> dict[int, list[StoredCandidate]]:
    """Return the candidates of some entities by entity, in the order of their ranks."""
    candidates: dict[int, list[StoredCandidate]] = defaultdict(list)
    for row in sql.rows(READ, {"scorer": scorer.pk, "entities": list(entities)}):
        candidates[row.entity_id].append(_candidate(row))
    for group in candidates.values():
        eligible = (c for c in group if c.is_readable and not c.is_refused)
        first = next(eligible, None)
        if first is not None:
            first.is_first = True
    return candidates


def _candidate(row: Any) -> StoredCandidate:
    is_new = row.outcome is None
    return StoredCandidate(
        id=row.id,
        sha256=row.sha256,
        rank=row.rank,
        state=row.state,
        is_named=row.is_named,
        is_settled=row.is_settled,
        is_refused=row.is_refused,
        analysis=None if is_new else _stored_analysis(row),
        comparison=None if is_new else _stored_comparison(row),
        faces=row.faces or 0,
        is_new=is_new,
    )


def _stored_analysis(row: Any) -> Analysis | None:
    """Return the stored analysis; None if its vectors were not stored."""
    outcome = Outcome(row.outcome)
    if outcome not in (Outcome.SCORED, Outcome.NO_REFERENCE):
        return Analysis(outcome=outcome, problem=row.problem, count=row.faces)
    if row.vectors is None:
        return None
    boxes = np.frombuffer(bytes(row.boxes), "<f4").reshape(-1, BOX_COLUMNS).tolist()
    vectors = np.frombuffer(bytes(row.vectors), "<f4").reshape(len(boxes), -1)
    detections = [
        Detection(vector, (x1, y1, x2, y2), side, detection)
        for vector, (x1, y1, x2, y2, detection, side) in zip(
            vectors, boxes, strict=True
        )
    ]
    return Analysis(detections, count=row.faces)


def _stored_comparison(row: Any) -> Comparison:
    outcome = Outcome(row.outcome)
    if row.box is None or row.side is None or row.detection is None:
        return Comparison(outcome)
    x1, y1, x2, y2 = row.box
    empty = np.empty(0, np.float32)
    face = Detection(empty, (x1, y1, x2, y2), row.side, row.detection)
    return Comparison(outcome, face, row.similarity, row.cohesion, row.compared)


def row_of(
    candidate: StoredCandidate,
    analysis: Analysis,
    comparison: Comparison | None,
    probability: float | None,
) -> dict[str, Any]:
    """Return a score as a row of `WRITE`."""
    row: dict[str, Any] = {
        "candidate": candidate.id,
        "sha256": candidate.sha256,
        "outcome": analysis.outcome if comparison is None else comparison.outcome,
        "problem": analysis.problem,
        "faces": analysis.count,
        "compared": 0,
    }
    if comparison is None or comparison.face is None:
        return row
    return row | {
        "box": list(comparison.face.box),
        "side": comparison.face.side,
        "detection": comparison.face.detection,
        "similarity": comparison.similarity,
        "cohesion": comparison.cohesion,
        "compared": comparison.references,
        "probability": probability,
    }


@transaction.atomic
def write(scorer: Scorer, fit: int | None, entity: int, scores: EntityScores) -> None:
    """Write an entity's scores and embeddings, except of candidates erased meanwhile."""
    sql.run(LOCK, [entity])
    sql.run(WRITE, {"scorer": scorer.pk, "fit": fit, "scores": json.dumps(scores.rows)})
    if settings.EMBEDDINGS:
        _write_embeddings(scorer, scores.analyses)


def _write_embeddings(scorer: Scorer, analyses: Mapping[int, Analysis]) -> None:
    detections = {n: a.detections for n, a in analyses.items() if a.detections}
    if not detections:
        return
    parameters = {
        "scorer": scorer.pk,
        "candidates": list(detections),
        "vectors": [_bytes([f.vector for f in faces]) for faces in detections.values()],
        "boxes": [
            _bytes([[*face.box, face.detection, face.side] for face in faces])
            for faces in detections.values()
        ],
    }
    sql.run(WRITE_EMBEDDINGS, parameters)


def _bytes(rows: Any) -> bytes:
    return np.asarray(rows, "<f4").tobytes()
