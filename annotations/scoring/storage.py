"""What is known of entities before they are scored, and what is written after."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from annotations.models import JUDGEABLE, CandidateState, Outcome, Scorer
from annotations.sql import fragments

from .base import Analysis, Detection
from .features import Compared, Item

BOX = 6  # x1 y1 x2 y2, detection, side

READ = f"""
SELECT c.entity_id, c.id, encode(i.sha256, 'hex'), c.rank, c.state,
       coalesce(i.sha256 = e.representative, false),
       {fragments.is_settled_as_yes("c")},
       {fragments.is_settled_otherwise("c")} OR {fragments.has_open_report("c.id")},
       s.outcome, s.faces, s.problem, s.box, s.side, s.detection, s.similarity,
       s.cohesion, s.compared, m.vectors, m.boxes
FROM annotations_candidate c
JOIN annotations_entity e ON e.id = c.entity_id
JOIN annotations_image i ON i.id = c.image_id
LEFT JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
LEFT JOIN annotations_embedding m
  ON m.scorer_id = %(scorer)s AND m.candidate_id = c.id
WHERE c.entity_id = ANY(%(entities)s) AND c.state = ANY(%(judgeable)s)
ORDER BY c.entity_id, c.rank NULLS LAST, c.id
"""
# Whoever erases or imports holds the entity: what is written is of what is there.
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
KEEP = """
INSERT INTO annotations_embedding (scorer_id, candidate_id, vectors, boxes)
SELECT %s, t.candidate, t.vectors, t.boxes
FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS t (candidate, vectors, boxes)
JOIN annotations_score s ON s.scorer_id = %s AND s.candidate_id = t.candidate
ON CONFLICT (scorer_id, candidate_id) DO UPDATE
SET vectors = excluded.vectors, boxes = excluded.boxes
"""


@dataclass(slots=True)
class Known:
    """A candidate, and what an earlier look at it left."""

    candidate: int
    sha256: str
    rank: int | None
    state: str
    is_named: bool
    is_settled: bool
    is_refused: bool
    look: Analysis | None  # None where it is to be looked at
    scored: Compared | None  # the features of the last comparison
    faces: int  # found at that look
    is_new: bool  # has no score yet
    is_first: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether there is a picture."""
        return self.state == CandidateState.READY

    @property
    def is_reference(self) -> bool:
        """Whether others may be compared with it."""
        is_wanted = self.is_settled or self.is_named or self.is_first
        return is_wanted and not self.is_refused

    def item(self, look: Analysis) -> Item:
        """What is compared."""
        return Item(
            self.candidate,
            self.sha256,
            self.rank,
            look.found,
            self.is_settled,
            self.is_named,
            self.is_refused,
        )


@dataclass(slots=True)
class Written:
    """Scores of one entity on their way into the database."""

    scores: list[dict[str, Any]] = field(default_factory=list)
    looks: dict[int, Analysis] = field(default_factory=dict)  # newly made
    is_whole: bool = True  # nothing of the entity is left to look at


def read(scorer: Scorer, entities: Sequence[int]) -> dict[int, list[Known]]:
    """The candidates of some entities by rank, with what is known of each."""
    found: dict[int, list[Known]] = defaultdict(list)
    values: dict[str, Any] = {
        "scorer": scorer.pk,
        "entities": list(entities),
        "judgeable": [state.value for state in JUDGEABLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(READ, values)
        for entity, *rest in cursor:
            found[entity].append(_known(*rest))
    for candidates in found.values():
        able = (k for k in candidates if k.is_readable and not k.is_refused)
        first = next(able, None)
        if first is not None:
            first.is_first = True
    return found


def _known(
    candidate: int,
    sha256: str,
    rank: int | None,
    state: str,
    is_named: bool,
    is_settled: bool,
    is_refused: bool,
    *score: Any,
) -> Known:
    outcome, faces, problem, *features, vectors, boxes = score
    look, scored = None, None
    if outcome is not None:
        look = _look(Outcome(outcome), faces, problem, vectors, boxes)
        scored = _scored(Outcome(outcome), *features)
    given = (candidate, sha256, rank, state, is_named, is_settled, is_refused)
    return Known(*given, look, scored, faces or 0, outcome is None)


def _look(
    outcome: Outcome, faces: int, problem: str, vectors: Any, boxes: Any
) -> Analysis | None:
    """What was found; None where it was not kept and would have to be looked for."""
    if outcome not in (Outcome.SCORED, Outcome.NO_REFERENCE):
        return Analysis(outcome=outcome, problem=problem, count=faces)
    if vectors is None:
        return None
    at = np.frombuffer(bytes(boxes), "<f4").reshape(-1, BOX).tolist()
    of = np.frombuffer(bytes(vectors), "<f4").reshape(len(at), -1)
    pairs = zip(of, at, strict=True)
    found = [Detection(v, (b[0], b[1], b[2], b[3]), b[5], b[4]) for v, b in pairs]
    return Analysis(found, count=faces)


def _scored(
    outcome: Outcome,
    box: list[float] | None,
    side: float | None,
    detection: float | None,
    similarity: float | None,
    cohesion: float | None,
    compared: int,
) -> Compared:
    if box is None or side is None or detection is None:
        return Compared(outcome)
    face = Detection(
        np.empty(0, np.float32), (box[0], box[1], box[2], box[3]), side, detection
    )
    return Compared(outcome, face, similarity, cohesion, compared)


def row_of(
    known: Known, look: Analysis, compared: Compared | None, probability: float | None
) -> dict[str, Any]:
    """A score as a row of `WRITE`."""
    row: dict[str, Any] = {
        "candidate": known.candidate,
        "sha256": known.sha256,
        "outcome": look.outcome if compared is None else compared.outcome,
        "problem": look.problem,
        "faces": look.count,
        "compared": 0,
    }
    if compared is None or compared.face is None:
        return row
    return row | {
        "box": list(compared.face.box),
        "side": compared.face.side,
        "detection": compared.face.detection,
        "similarity": compared.similarity,
        "cohesion": compared.cohesion,
        "compared": compared.references,
        "probability": probability,
    }


@transaction.atomic
def write(scorer: Scorer, fit: int | None, entity: int, written: Written) -> None:
    """Write an entity's scores and embeddings, all at once.

    What was erased since it was read is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [entity])
        given = {"scorer": scorer.pk, "fit": fit, "scores": json.dumps(written.scores)}
        cursor.execute(WRITE, given)
    if settings.EMBEDDINGS:
        _keep(scorer, {n: look for n, look in written.looks.items() if look.found})


def _keep(scorer: Scorer, looks: Mapping[int, Analysis]) -> None:
    if not looks:
        return
    found = [look.found for look in looks.values()]
    vectors = [_bytes([each.vector for each in of]) for of in found]
    boxes = [_bytes([[*f.box, f.detection, f.side] for f in of]) for of in found]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [scorer.pk, list(looks), vectors, boxes, scorer.pk])


def _bytes(rows: Any) -> bytes:
    return np.asarray(rows, "<f4").tobytes()
