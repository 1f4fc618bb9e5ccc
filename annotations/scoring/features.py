"""What is found in an entity's pictures, compared: the features of a probability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

from .base import Found

# Of an entity's other candidates, the most similar so many tell how alike they are.
NEAREST = 3
# A candidate is compared with so many others at most.
OTHERS = 400


@dataclass(frozen=True, slots=True)
class Item:
    """A candidate with what was found in its picture.

    `is_settled`: people settled it as yes. `is_named` and `is_first`: it is the entity's
    representative, by name or for being the first by rank.
    """

    candidate: int
    sha256: str
    rank: int | None
    found: Sequence[Found] = ()
    is_settled: bool = False
    is_named: bool = False
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """The best matching face of a candidate, and the features of its probability."""

    outcome: Outcome
    face: Found | None = None
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
            float(self.references),
        ]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def compare(items: Sequence[Item]) -> dict[int, Compared]:
    """Compare every candidate of one entity in which something was found.

    With the references, the largest face of the representative and the settled images,
    and with the entity's other candidates. Nothing is compared with its own picture,
    under whatever candidate it comes.
    """
    shown = [item for item in items if item.found]
    references = _references(shown)
    best = {item.candidate: _best(item, references) for item in shown}
    others = _Others([(item, best[item.candidate][0]) for item in shown[:OTHERS]])
    return {
        item.candidate: _compared(*best[item.candidate], others.cohesion(item, best))
        for item in shown
    }


def _compared(
    face: Found, similarity: float | None, count: int, cohesion: float | None
) -> Compared:
    outcome = Outcome.NO_REFERENCE if similarity is None else Outcome.SCORED
    return Compared(outcome, face, similarity, cohesion, count)


def _references(shown: Sequence[Item]) -> list[tuple[str, NDArray[np.float32]]]:
    """Digest and vector of each reference.

    The representative is taken by its largest face: a bystander may be found first. It
    is one where somebody named it, or while nothing is settled.
    """
    settled = [item for item in shown if item.is_settled]
    representative = [item for item in shown if item.is_named and not item.is_settled]
    if not settled and not representative:
        representative = [item for item in shown if item.is_first]
    given = [(each.sha256, each.found[0].vector) for each in representative]
    named = [each.found[0].vector for each in settled if each.is_named]
    base = [vector for _, vector in given] + named
    for each in settled:
        if each.is_named or not base:
            given.append((each.sha256, each.found[0].vector))
        else:  # people said that the entity is in it, not where
            given.append((each.sha256, _nearest(each.found, base)[0].vector))
    return given


def _nearest(
    found: Sequence[Found], to: Sequence[NDArray[np.float32]]
) -> tuple[Found, float]:
    """The face with the largest cosine to any of some vectors, and that cosine."""
    cosines = np.stack([f.vector for f in found]) @ np.stack(list(to)).T
    nearest = cosines.max(axis=1)
    chosen = int(nearest.argmax())
    return found[chosen], float(np.clip(nearest[chosen], -1, 1))


def _best(
    item: Item, references: Sequence[tuple[str, NDArray[np.float32]]]
) -> tuple[Found, float | None, int]:
    """The best matching face, its cosine, and how many references there were."""
    foreign = [vector for sha256, vector in references if sha256 != item.sha256]
    if not foreign:
        return item.found[0], None, 0
    return *_nearest(item.found, foreign), len(foreign)


class _Others:
    """The best matching faces of an entity's candidates."""

    def __init__(self, faces: Sequence[tuple[Item, Found]]) -> None:
        self._digests = np.array([item.sha256 for item, _ in faces])
        vectors = [face.vector for _, face in faces]
        self._vectors = np.stack(vectors) if vectors else np.empty((0, 0))

    def cohesion(
        self, item: Item, best: dict[int, tuple[Found, float | None, int]]
    ) -> float | None:
        """Mean cosine to the most similar `NEAREST` of other pictures."""
        foreign = self._vectors[self._digests != item.sha256]
        if not len(foreign):
            return None
        cosines = np.sort(foreign @ best[item.candidate][0].vector)[-NEAREST:]
        return float(np.clip(cosines.mean(), -1, 1))
