"""One database snapshot of a release: truth, judgments and the plan of the pictures."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations import export, ground_truth, scoring, sql
from annotations.consensus import Basis
from annotations.models import Release, Scorer

from . import files, provenance, selection
from .clock import Clock
from .columns import BASIS, CANDIDATE, KEY, VERDICT
from .distractors import Draw, rows_of
from .requests import Contents, check
from .selection import Confirmed, Selection

COUNTED = ("yes", "no", "broken", "open", "distractors", "confirmed_unreadable")
ENTITIES_PER_QUERY = 200
ROWS_PER_QUERY = 1000
FACE_COLUMNS = 6  # of a stored detection: x1 y1 x2 y2, confidence, side

READY = """
SELECT c.id, s.box, c.frame, m.vectors, m.boxes
FROM annotations_candidate c
LEFT JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
LEFT JOIN annotations_embedding m
  ON m.scorer_id = %(scorer)s AND m.candidate_id = c.id
WHERE c.id = ANY(%(candidates)s) AND c.state = 'ready'
ORDER BY c.id
"""
# In the order of `pictures.PlanRow`, after subset, split and key.
DETAILS = """
SELECT e.name, c.image_url, c.face_id, c.face_rectangle,
       encode(i.sha256, 'hex') AS sha256, s.box, c.frame, c.id
FROM annotations_candidate c
JOIN annotations_entity e ON e.id = c.entity_id
JOIN annotations_image i ON i.id = c.image_id
LEFT JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
WHERE c.id = ANY(%(candidates)s)
"""


@dataclass(slots=True)
class Line:
    """A line of a measurement file; `key` is empty for a distractor."""

    subset: str
    split: str
    candidate: int
    key: str


@dataclass(slots=True)
class Plan:
    """The fixed parts of a release: values of its row, and its lines in their order."""

    counts: dict[str, Any]
    method: str
    lines: list[Line] = field(default_factory=list)


class Snapshot:
    """The snapshot of one release. Call `begin_snapshot` first."""

    def __init__(self, release: Release, clock: Clock) -> None:
        self.release, self.clock = release, clock
        # The vectors of the default scorer decide which images are hard.
        self.scorer: Scorer | None = next(iter(scoring.rows()), None)
        self.counts: Counter[str] = Counter()

    def write(self, truth: files.Draft, judgments: files.Draft) -> Plan:
        """Write truth and judgments, and return the plan of the pictures.

        Raise Invalid if the release asks for more than its batches contain.
        """
        self.clock.limit_statements()
        export.write_truth(self.release.batches, truth)
        self.clock.limit_statements()
        export.write_judgments(self.release.batches, judgments)
        selections = list(self._selections(truth))
        release = self.release
        draw = Draw(truth, release.seed, release.distractors, self.clock)
        distractors = draw.run()
        check(release, self._contents(len(selections), len(distractors)))
        counts = dict.fromkeys(COUNTED, 0) | self.counts
        counts["judgments"] = judgments.lines - 1
        facts = provenance.facts(release, counts["judgments"], self.clock)
        plan = Plan(counts | facts, self._method(selections))
        self.clock.limit_statements()
        self._add_lines(plan, selections, distractors)
        return plan

    def _selections(self, truth: files.Draft) -> Iterator[Selection]:
        """Yield the images of each confirmed entity, and count rows on the way."""
        entities = self._entities(truth)
        while group := list(islice(entities, ENTITIES_PER_QUERY)):
            self.clock.limit_statements()
            ready = self._ready([candidate for _, yes in group for candidate in yes])
            for key, yes in group:
                confirmed = [ready[c] for c in yes if c in ready]
                self.counts["confirmed_unreadable"] += len(yes) - len(confirmed)
                if confirmed:
                    yield selection.select_images(self.release.seed, key, confirmed)

    def _entities(self, truth: files.Draft) -> Iterator[tuple[str, list[int]]]:
        """Yield each entity's key and the candidates that people confirmed."""
        rows = rows_of(truth, self.clock)
        for key, group in groupby(rows, key=lambda cells: cells[KEY]):
            yes = []
            self.counts["entities"] += 1
            for cells in group:
                verdict, basis = cells[VERDICT], cells[BASIS]
                self.counts["candidates"] += 1
                self.counts[verdict or "open"] += 1
                self.counts[f"basis_{basis}"] += 1
                if verdict == "yes" and basis != Basis.CLEARED:
                    yes.append(int(cells[CANDIDATE]))
            yield key, yes

    def _ready(self, candidates: Sequence[int]) -> dict[int, Confirmed]:
        rows = sql.rows(READY, self._parameters(candidates))
        return {row.id: Confirmed(row.id, _vector(row)) for row in rows}

    def _parameters(self, candidates: Sequence[int]) -> dict[str, Any]:
        scorer = self.scorer.pk if self.scorer else None
        return {"scorer": scorer, "candidates": list(candidates)}

    def _contents(self, confirmed: int, distractors: int) -> Contents:
        """Return the counts of this snapshot in the form that `check` compares."""
        counts = self.counts
        counts["confirmed_entities"], counts["distractors"] = confirmed, distractors
        return Contents(
            candidates=counts["candidates"],
            yes=counts["yes"],
            no=counts["no"],
            broken=counts["broken"],
            open=counts["open"],
            entities=counts["entities"],
            confirmed=confirmed,
            refused=distractors,
        )

    def _method(self, selections: Sequence[Selection]) -> str:
        """Describe how hard images were selected; empty if no entity has a choice."""
        has_hard = any(s.hard is not None and not s.is_alone for s in selections)
        if self.scorer is None or not has_hard:
            return ""
        digest = self.scorer.digest
        weights = f", weights SHA-256 {digest}" if digest else ""
        return (
            "The confirmed image with the largest cosine distance to the nearest other"
            " confirmed image of its entity, in the embedding of scorer"
            f" {self.scorer.name} {self.scorer.version}{weights}."
        )

    def _add_lines(
        self, plan: Plan, selections: Sequence[Selection], distractors: Sequence[int]
    ) -> None:
        """Fix which candidate is on which line of which file."""
        seed = self.release.seed
        keys = (images.key for images in selections)
        dev = selection.dev_keys(seed, keys, self.release.dev_entities)
        subsets = files.SUBSETS if plan.method else files.SUBSETS[:1]
        for subset in subsets:
            lines = [_line(subset, images, images.key in dev) for images in selections]
            plan.lines += [line for line in lines if line.split == "dev"]
            test = [line for line in lines if line.split == "test"]
            test += [Line(subset, "test", candidate, "") for candidate in distractors]
            order = f"order-{subset}"
            test.sort(key=lambda line: selection.lot(seed, order, line.candidate))
            plan.lines += test
        plan.counts |= {"dev": len(dev), "test": len(selections) - len(dev)}
        if plan.method:
            plan.counts |= {
                "hard_alone": sum(images.is_alone for images in selections),
                "hard_without_vector": sum(
                    images.hard is None for images in selections
                ),
            }

    def plan_rows(self, lines: Sequence[Line]) -> Iterator[bytes]:
        """Yield the plan as lines of JSON: all cells of a line except the picture."""
        for start in range(0, len(lines), ROWS_PER_QUERY):
            self.clock.limit_statements()
            part = lines[start : start + ROWS_PER_QUERY]
            parameters = self._parameters([line.candidate for line in part])
            details = {row.id: row for row in sql.rows(DETAILS, parameters)}
            for line in part:
                row = [line.subset, line.split, line.key, *details[line.candidate]]
                yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def begin_snapshot() -> None:
    """Make the current transaction one read-only snapshot."""
    sql.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    sql.run(ground_truth.WALKING)
    sql.run("SET LOCAL work_mem = '64MB'")


def index_of(lines: Iterable[Line]) -> Iterator[bytes]:
    """Yield the rows of `lines.tsv`: subset, split, line and candidate."""
    numbers: Counter[tuple[str, str]] = Counter()
    yield b"subset\tsplit\tline\tcandidate_id\n"
    for line in lines:
        numbers[line.subset, line.split] += 1
        number = numbers[line.subset, line.split]
        cells = (line.subset, line.split, str(number), str(line.candidate))
        yield ("\t".join(cells) + "\n").encode()


def _line(subset: str, images: Selection, is_dev: bool) -> Line:
    hard = images.random if images.hard is None else images.hard
    candidate = hard if subset == "hard" else images.random
    return Line(subset, "dev" if is_dev else "test", candidate, images.key)


def _vector(row: Any) -> NDArray[np.float32] | None:
    """Return the vector of a face: the framed one, else the best match, else the largest.

    Return None if no vectors are stored, or if no face belongs to the frame.
    """
    if row.vectors is None:
        return None
    boxes = np.frombuffer(bytes(row.boxes), "<f4").reshape(-1, FACE_COLUMNS)[:, :4]
    vectors = np.frombuffer(bytes(row.vectors), "<f4").reshape(len(boxes), -1)
    face = _face_index(row, boxes) if len(boxes) else None
    if face is None:
        return None
    vector: NDArray[np.float32] = vectors[face]
    return vector


def _face_index(row: Any, boxes: NDArray[np.float32]) -> int | None:
    if row.frame is not None:
        return scoring.framed(boxes.tolist(), row.frame)
    if row.box is None:
        return 0
    return int(np.argmin(np.abs(boxes - np.asarray(row.box)).sum(axis=1)))
