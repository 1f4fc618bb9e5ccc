"""Who gets into a batch. Plain Python, reproducible by seed.

The paper draws entities with probability proportional to f^(1/sqrt 5), f being the
number of documents that mention the entity (Guo et al. 2016, section 3.2).
"""

import heapq
import math
import random
from collections.abc import Iterable
from typing import TypeVar

EXPONENT = 1 / math.sqrt(5)

T = TypeVar("T")


def sample(
    population: Iterable[tuple[T, float]],
    size: int,
    seed: int,
    exponent: float = EXPONENT,
) -> list[T]:
    """Draw `size` members without replacement, the first drawn first.

    `population` yields (member, frequency) in a fixed order; a member without a
    positive frequency cannot be drawn. Efraimidis and Spirakis (2006), algorithm A:
    the `size` largest of ln(u) / weight, in one pass and O(size) memory.
    """
    chance = random.Random(seed)

    def keyed() -> Iterable[tuple[float, T]]:
        for member, frequency in population:
            if frequency > 0:
                yield math.log(1 - chance.random()) / frequency**exponent, member

    drawn = heapq.nlargest(size, keyed(), key=lambda pair: pair[0])
    return [member for _, member in drawn]
