"""The choice of a release's pictures, without database access.

Every draw is a hash of the seed, the purpose and the object, so the order in which rows
are read does not change the result.
"""

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 512  # vectors that are compared with all others at once


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmed image of an entity, with its vector if a scorer stored one."""

    candidate: int
    vector: NDArray[np.float32] | None = None


@dataclass(slots=True)
class Selection:
    """The candidates of an entity's random and hard image.

    `hard` is None if no confirmed image has a vector. `is_alone`: only one has.
    """

    key: str
    random: int
    hard: int | None = None
    is_alone: bool = False


def lot(seed: int, purpose: str, value: object) -> int:
    """Return the lot of a value: 64 random bits, the same on every call."""
    text = f"{seed}:{purpose}:{value}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def select_images(seed: int, key: str, confirmed: Sequence[Confirmed]) -> Selection:
    """Return the random and the hard image of an entity with a confirmed image."""
    random = min(confirmed, key=lambda c: lot(seed, "random", f"{key}:{c.candidate}"))
    hard, is_alone = hardest(confirmed)
    return Selection(key, random.candidate, hard, is_alone)


def hardest(confirmed: Sequence[Confirmed]) -> tuple[int | None, bool]:
    """Return the image that is farthest from its nearest other one, and if it is alone.

    Distance is cosine distance. Of equal images, the smallest candidate id wins. Return
    None if no image has a vector.
    """
    images = sorted(
        (c for c in confirmed if c.vector is not None), key=lambda c: c.candidate
    )
    if not images:
        return None, False
    if len(images) == 1:
        return images[0].candidate, True
    vectors = np.stack([image.vector for image in images if image.vector is not None])
    nearest = np.concatenate(
        [_nearest(vectors, start) for start in range(0, len(images), BLOCK)]
    )
    return images[int(np.argmax(nearest))].candidate, False


def _nearest(vectors: NDArray[np.float32], start: int) -> NDArray[np.float64]:
    """Return the cosine distance of each vector of a block to its nearest other one."""
    block = vectors[start : start + BLOCK].astype(np.float64)
    distance = 1.0 - block @ vectors.T
    rows = np.arange(len(block))
    distance[rows, rows + start] = np.inf
    # Rounded because the last bits differ between machines.
    nearest: NDArray[np.float64] = np.round(distance.min(axis=1), 6)
    return nearest


def dev_keys(seed: int, keys: Iterable[str], size: int) -> set[str]:
    """Return the keys of the entities in the development split."""
    return set(heapq.nsmallest(size, keys, key=lambda key: lot(seed, "dev", key)))


class LowestLots:
    """The pictures with the `size` lowest lots of all offered ones, one per digest."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size
        self._heap: list[tuple[int, int, str]] = []
        self._digests: set[str] = set()

    def offer(self, candidate: int, sha256: str) -> None:
        """Offer a picture. Further ones with the same digest change nothing."""
        if sha256 in self._digests:
            return
        entry = (-lot(self.seed, "distractor", sha256), candidate, sha256)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            _, _, replaced_sha256 = heapq.heapreplace(self._heap, entry)
            self._digests.discard(replaced_sha256)
        else:
            return
        self._digests.add(sha256)

    def candidates(self, without: set[str]) -> list[int]:
        """Return the candidates in the order of their lots, without some digests."""
        entries = sorted(self._heap, reverse=True)
        return [candidate for _, candidate, sha256 in entries if sha256 not in without]

    @property
    def digests(self) -> set[str]:
        """The digests of the pictures."""
        return set(self._digests)

    @property
    def is_full(self) -> bool:
        """Whether more pictures may have been offered than are kept."""
        return len(self._heap) >= self.size
