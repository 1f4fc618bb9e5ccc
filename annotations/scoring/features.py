"""What is found in an entity's pictures, compared: the features of a probability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

from .base import Detection

# Of an entity's other candidates, the most similar so many tell how alike they are.
NEAREST = 3
# A candidate is compared with so many others, and so many references, at most.
OTHERS, REFERENCES = 400, 100


@dataclass(frozen=True, slots=True)
class Item:
    """A candidate with what was found in its picture.

    `is_settled`: people settled it as yes. `is_refused`: as anything else, or somebody
    has reported it. `is_named`: it is the entity's representative by name.
    """

    candidate: int
    sha256: str
    rank: int | None
    found: Sequence[Detection] = ()
    is_settled: bool = False
    is_named: bool = False
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """The best matching face of a candidate, and the features of its probability."""

    outcome: Outcome
    face: Detection | None = None
    similarity: float | None = None
    cohesion: float | None = None
    references: int = 0

    def features(self, rank: int | None) -> list[float]:
        """In the order of `base.FEATURES`; NaN for what there is not."""
        assert self.face is not None
        return [
            _number(self.similarity),
            _number(self.cohesion),
            self.face.detection,
            self.face.side,
            _number(rank),
        ]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def compare(items: Sequence[Item]) -> dict[int, Compared]:
    """Compare every candidate, by rank, of one entity in which something was found.

    With the references, the largest face of the representative and the settled images,
    and with the entity's other candidates. Nothing is compared with its own picture,
    under whatever candidate it comes.
    """
    shown = [item for item in items if item.found]
    references = _References(shown)
    best = {item.candidate: references.best(item) for item in shown}
    others = _Others([(item, best[item.candidate][0]) for item in shown[:OTHERS]])
    return {
        item.candidate: _compared(*best[item.candidate], others.cohesion(item, best))
        for item in shown
    }


def _compared(
    face: Detection, similarity: float | None, count: int, cohesion: float | None
) -> Compared:
    outcome = Outcome.NO_REFERENCE if similarity is None else Outcome.SCORED
    return Compared(outcome, face, similarity, cohesion, count)


class _References:
    """Digests and vectors of what candidates are compared with.

    The representative is taken by its largest face: a bystander may be found first.
    Where nobody named one, or people refused it, it is the first by rank that shows
    something and was not refused.
    """

    def __init__(self, shown: Sequence[Item]) -> None:
        given = [(each.sha256, face.vector) for each, face in _chosen(shown)]
        self._digests = np.array([sha256 for sha256, _ in given])
        vectors = [vector for _, vector in given]
        self._vectors = np.stack(vectors) if vectors else np.empty((0, 0))

    def best(self, item: Item) -> tuple[Detection, float | None, int]:
        """The best matching face, its cosine, and how many references there were."""
        foreign = self._vectors[self._digests != item.sha256]
        if not len(foreign):
            return item.found[0], None, 0
        return *_nearest(item.found, foreign), len(foreign)


def _chosen(shown: Sequence[Item]) -> list[tuple[Item, Detection]]:
    """The representative and settled pictures, each with the face that is compared."""
    able = [item for item in shown if not item.is_refused]
    named = [item for item in able if item.is_named] or able[:1]
    chosen = [(item, item.found[0]) for item in named]
    base = np.stack([face.vector for _, face in chosen]) if chosen else None
    for item in able:
        if item.is_settled and item not in named and len(chosen) < REFERENCES:
            # People said that the entity is in it, not where.
            face = item.found[0] if base is None else _nearest(item.found, base)[0]
            chosen.append((item, face))
    return chosen


def _nearest(
    found: Sequence[Detection], to: NDArray[np.float32]
) -> tuple[Detection, float]:
    """The face with the largest cosine to any of some vectors, and that cosine."""
    nearest = (np.stack([f.vector for f in found]) @ to.T).max(axis=1)
    chosen = int(nearest.argmax())
    return found[chosen], float(np.clip(nearest[chosen], -1, 1))


class _Others:
    """The best matching faces of an entity's candidates."""

    def __init__(self, faces: Sequence[tuple[Item, Detection]]) -> None:
        self._digests = np.array([item.sha256 for item, _ in faces])
        vectors = [face.vector for _, face in faces]
        self._vectors = np.stack(vectors) if vectors else np.empty((0, 0))

    def cohesion(
        self, item: Item, best: dict[int, tuple[Detection, float | None, int]]
    ) -> float | None:
        """Mean cosine to the most similar `NEAREST` of other pictures."""
        foreign = self._vectors[self._digests != item.sha256]
        if not len(foreign):
            return None
        cosines = np.sort(foreign @ best[item.candidate][0].vector)[-NEAREST:]
        return float(np.clip(cosines.mean(), -1, 1))
