"""Freezing: truth, judgments and the plan of the pictures, all of one snapshot."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

import numpy as np
from django.db import connection

from annotations import export, ground_truth, scoring
from annotations.consensus import Basis
from annotations.models import Release, Scorer

from . import selection, files, provenance
from .requests import Contents, check
from .clock import Clock
from .columns import BASIS, CANDIDATE, KEY, VERDICT
from .distractors import Drawing, rows_of

COUNTED = ("yes", "no", "broken", "open", "distractors", "confirmed_unreadable")
ENTITIES_AT_ONCE = 200
ROWS_AT_ONCE = 1000

READY = """
SELECT c.id, s.box, c.frame, m.vectors, m.boxes
FROM annotations_candidate c
LEFT JOIN annotations_score s ON s.scorer_id = %(scorer)s AND s.candidate_id = c.id
LEFT JOIN annotations_embedding m
  ON m.scorer_id = %(scorer)s AND m.candidate_id = c.id
WHERE c.id = ANY(%(candidates)s) AND c.state = 'ready'
ORDER BY c.id
"""
DETAILS = """
SELECT c.id, e.name, c.image_url, c.face_id, c.face_rectangle,
       encode(i.sha256, 'hex'), s.box, c.frame, c.id
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
class Frozen:
    """What of a release is fixed: its row's values, and its lines in their order."""

    counts: dict[str, Any]
    method: str
    lines: list[Line] = field(default_factory=list)


class Freeze:
    """One release's snapshot. Use inside `snapshot()`."""

    def __init__(self, release: Release, clock: Clock) -> None:
        self.release, self.clock = release, clock
        self.scorer = _scorer()
        self.numbers: Counter[str] = Counter()

    def run(self, truth: files.Draft, judgments: files.Draft) -> Frozen:
        """Write truth and judgments, and choose the pictures; Invalid where it cannot."""
        self.clock.hold()
        export.write_truth(self.release.batches, truth)
        self.clock.hold()
        export.write_judgments(self.release.batches, judgments)
        chosen = list(self._chosen(truth))
        wanted = self.release.distractors
        distractors = Drawing(truth, self.release.seed, wanted, self.clock).run()
        check(self.release, self._found(len(chosen), len(distractors)))
        counts = dict.fromkeys(COUNTED, 0) | self.numbers
        counts["judgments"] = judgments.lines - 1
        counts |= provenance.facts(self.release, counts["judgments"], self.clock)
        frozen = Frozen(counts, self._method(chosen))
        self.clock.hold()
        self._plan(frozen, chosen, distractors)
        return frozen

    def _chosen(self, truth: files.Draft) -> Iterator[selection.Chosen]:
        """Each entity's two images; counts on the way."""
        groups = self._entities(truth)
        while some := list(islice(groups, ENTITIES_AT_ONCE)):
            self.clock.hold()
            ready = self._ready([number for _, yes in some for number in yes])
            for key, yes in some:
                confirmed = [ready[c] for c in yes if c in ready]
                self.numbers["confirmed_unreadable"] += len(yes) - len(confirmed)
                if confirmed:
                    yield selection.choose(self.release.seed, key, confirmed)

    def _entities(self, truth: files.Draft) -> Iterator[tuple[str, list[int]]]:
        """Of each entity: its key, and the candidates that people confirmed."""
        rows = rows_of(truth, self.clock)
        for key, group in groupby(rows, key=lambda cells: cells[KEY]):
            yes = []
            self.numbers["entities"] += 1
            for cells in group:
                verdict, basis = cells[VERDICT], cells[BASIS]
                self.numbers["candidates"] += 1
                self.numbers[verdict or "open"] += 1
                self.numbers[f"basis_{basis}"] += 1
                if verdict == "yes" and basis != Basis.CLEARED:
                    yes.append(int(cells[CANDIDATE]))
            yield key, yes

    def _ready(self, candidates: Sequence[int]) -> dict[int, selection.Confirmed]:
        with connection.cursor() as cursor:
            scorer = self.scorer.pk if self.scorer else None
            cursor.execute(READY, {"scorer": scorer, "candidates": list(candidates)})
            return {
                row[0]: selection.Confirmed(row[0], _vector(*row[1:])) for row in cursor
            }

    def _found(self, confirmed: int, distractors: int) -> Contents:
        """What the snapshot holds, in the terms of what was asked for."""
        said = self.numbers
        said["confirmed_entities"], said["distractors"] = confirmed, distractors
        return Contents(
            candidates=said["candidates"],
            yes=said["yes"],
            no=said["no"],
            broken=said["broken"],
            open=said["open"],
            entities=said["entities"],
            confirmed=confirmed,
            refused=distractors,
        )

    def _method(self, chosen: Sequence[selection.Chosen]) -> str:
        """How hard images were chosen; empty where there are none."""
        if self.scorer is None or not any(
            each.hard is not None and not each.is_alone for each in chosen
        ):
            return ""
        weights = (
            f", weights SHA-256 {self.scorer.digest}" if self.scorer.digest else ""
        )
        return (
            "The confirmed image with the largest cosine distance to the nearest other"
            " confirmed image of its entity, in the embedding of scorer"
            f" {self.scorer.name} {self.scorer.version}{weights}."
        )

    def _plan(
        self,
        frozen: Frozen,
        chosen: Sequence[selection.Chosen],
        distractors: Sequence[int],
    ) -> None:
        """Lay down which candidate stands on which line of which file."""
        seed = self.release.seed
        keys = (each.key for each in chosen)
        dev = selection.development(seed, keys, self.release.dev_entities)
        subsets = files.SUBSETS if frozen.method else files.SUBSETS[:1]
        for subset in subsets:
            lines = [_line(subset, each, each.key in dev) for each in chosen]
            frozen.lines += [line for line in lines if line.split == "dev"]
            test = [line for line in lines if line.split == "test"]
            test += [Line(subset, "test", number, "") for number in distractors]
            order = f"order-{subset}"
            test.sort(key=lambda line: selection.lot(seed, order, line.candidate))
            frozen.lines += test
        frozen.counts |= {"dev": len(dev), "test": len(chosen) - len(dev)}
        if frozen.method:
            hard = {
                "hard_alone": sum(each.is_alone for each in chosen),
                "hard_without_vector": sum(each.hard is None for each in chosen),
            }
            frozen.counts |= hard

    def details(self, lines: Sequence[Line]) -> Iterator[bytes]:
        """The plan as lines of JSON: all that a line is made of, but the picture."""
        for start in range(0, len(lines), ROWS_AT_ONCE):
            self.clock.hold()
            some = lines[start : start + ROWS_AT_ONCE]
            with connection.cursor() as cursor:
                scorer = self.scorer.pk if self.scorer else None
                numbers = [line.candidate for line in some]
                cursor.execute(DETAILS, {"scorer": scorer, "candidates": numbers})
                known = {row[0]: row[1:] for row in cursor}
            for line in some:
                row = [line.subset, line.split, line.key, *known[line.candidate]]
                yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def snapshot() -> None:
    """Begin the transaction's one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(ground_truth.WALKING)
        cursor.execute("SET LOCAL work_mem = '64MB'")


def index_of(lines: Iterable[Line]) -> Iterator[bytes]:
    """`lines.tsv`: subset, split, line and candidate."""
    counted: Counter[tuple[str, str]] = Counter()
    yield b"subset\tsplit\tline\tcandidate_id\n"
    for line in lines:
        counted[line.subset, line.split] += 1
        number = counted[line.subset, line.split]
        cells = (line.subset, line.split, str(number), str(line.candidate))
        yield ("\t".join(cells) + "\n").encode()


def _line(subset: str, each: selection.Chosen, is_dev: bool) -> Line:
    hard = each.random if each.hard is None else each.hard
    candidate = hard if subset == "hard" else each.random
    return Line(subset, "dev" if is_dev else "test", candidate, each.key)


def _scorer() -> Scorer | None:
    """The first scorer of the settings; its vectors tell which images are hard."""
    return next(iter(scoring.rows()), None)


def _vector(
    box: Sequence[float] | None, frame: Sequence[float] | None, vectors: Any, boxes: Any
) -> Any:
    """The vector of the framed face; without a frame of the best match, else the largest.

    None where none was kept, or none of the faces belongs to the frame.
    """
    if vectors is None:
        return None
    at = np.frombuffer(bytes(boxes), "<f4").reshape(-1, 6)
    of = np.frombuffer(bytes(vectors), "<f4").reshape(len(at), -1)
    if not len(of):
        return None
    if frame is not None:
        chosen = scoring.framed(at[:, :4].tolist(), frame)
        return None if chosen is None else of[chosen]
    if box is None:
        return of[0]
    return of[int(np.argmin(np.abs(at[:, :4] - np.asarray(box)).sum(axis=1)))]
