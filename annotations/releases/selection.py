"""Which pictures a release holds. Plain arithmetic on what is confirmed and refused.

Every draw is a number made of seed, purpose and what is drawn, so that the order in
which things are read changes nothing.
"""

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 512  # vectors compared at once with all the others


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A picture that shows its entity, with its vector where a scorer kept one."""

    candidate: int
    vector: NDArray[np.float32] | None = None


@dataclass(slots=True)
class Chosen:
    """An entity's random and hard image, by candidate. `hard` is None without vectors."""

    key: str
    random: int
    hard: int | None = None
    is_alone: bool = False  # no other confirmed image to be far from


def lot(seed: int, purpose: str, what: object) -> int:
    """A number that is drawn for something: 64 bits, the same each time."""
    said = f"{seed}:{purpose}:{what}".encode()
    return int.from_bytes(hashlib.sha256(said).digest()[:8], "big")


def choose(seed: int, key: str, confirmed: Sequence[Confirmed]) -> Chosen:
    """The random and the hard image of an entity with a confirmed image."""
    drawn = min(confirmed, key=lambda c: lot(seed, "random", f"{key}:{c.candidate}"))
    hard, is_alone = hardest(confirmed)
    return Chosen(key, drawn.candidate, hard, is_alone)


def hardest(confirmed: Sequence[Confirmed]) -> tuple[int | None, bool]:
    """The image whose nearest other one is farthest; and whether it has no other.

    By cosine distance; of equal ones the first candidate. None without any vector.
    """
    known = sorted(
        (c for c in confirmed if c.vector is not None), key=lambda c: c.candidate
    )
    if not known:
        return None, False
    if len(known) == 1:
        return known[0].candidate, True
    vectors = np.stack([c.vector for c in known if c.vector is not None])
    nearest = np.concatenate(
        [_nearest(vectors, start) for start in range(0, len(known), BLOCK)]
    )
    return known[int(np.argmax(nearest))].candidate, False


def _nearest(vectors: NDArray[np.float32], start: int) -> NDArray[np.float64]:
    """The cosine distance to the nearest other one, of a block of vectors."""
    block = vectors[start : start + BLOCK].astype(np.float64)
    distance = 1.0 - block @ vectors.T
    rows = np.arange(len(block))
    distance[rows, rows + start] = np.inf
    # Rounded: the last bits differ between machines.
    return np.round(distance.min(axis=1), 6)


def development(seed: int, keys: Iterable[str], size: int) -> set[str]:
    """The entities of the development split."""
    return set(heapq.nsmallest(size, keys, key=lambda key: lot(seed, "dev", key)))


class Lots:
    """The `size` least lots among what is offered, each once a digest."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self._heap: list[tuple[int, int, str]] = []
        self._digests: set[str] = set()

    def offer(self, candidate: int, sha256: str) -> None:
        """Offer a picture; a second one of the same digest changes nothing."""
        if sha256 in self._digests:
            return
        entry = (-lot(self.seed, "distractor", sha256), candidate, sha256)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            gone = heapq.heapreplace(self._heap, entry)
            self._digests.discard(gone[2])
        else:
            return
        self._digests.add(sha256)

    def drawn(self, without: set[str]) -> list[int]:
        """The candidates drawn, but those of some digests, in the order of their lots."""
        ordered = sorted(self._heap, reverse=True)
        return [candidate for _, candidate, sha256 in ordered if sha256 not in without]

    @property
    def digests(self) -> set[str]:
        """What is drawn now."""
        return set(self._digests)

    @property
    def is_full(self) -> bool:
        """Whether more may have been offered than are drawn."""
        return len(self._heap) >= self.size
