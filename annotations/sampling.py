"""Weighted sampling of entities for a batch, reproducible by seed. Plain Python.

The paper draws entities with probability proportional to f^(1/sqrt 5), where f is the
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

    `population` yields (member, frequency) in a fixed order. Members without a positive
    frequency are never drawn. The algorithm is A of Efraimidis and Spirakis (2006): the
    `size` largest of ln(u) / weight, in one pass and O(size) memory.
    """
    generator = random.Random(seed)

    def keys() -> Iterable[tuple[float, T]]:
        for member, frequency in population:
            if frequency > 0:
                yield math.log(1 - generator.random()) / frequency**exponent, member

    largest = heapq.nlargest(size, keys(), key=lambda pair: pair[0])
    return [member for _, member in largest]
