"""Pictures are decoded and looked at on threads, ahead of who asks for what was found."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice

import numpy as np

from annotations import images
from annotations.errors import LabelerError
from annotations.models import Outcome

from .base import Analysis, ScoringModel

# Slices that each thread may be ahead.
AHEAD = 3

Picture = tuple[int, str]  # a candidate and the digest of its picture
# What was found, or what of the machine was in the way: a storage that is away.
Seen = tuple[int, Analysis | Exception]
PASSING = (OSError, MemoryError)


@cache
def threads() -> ThreadPoolExecutor:
    """The threads of this process; models keep what they load by thread."""
    return ThreadPoolExecutor(images.cores(), "look")


def let_threads_go() -> None:
    """End the threads, and with them what models keep by thread."""
    if threads.cache_info().currsize:
        threads().shutdown()
        threads.cache_clear()


def look_ahead(model: ScoringModel, pictures: Iterable[Picture]) -> Iterator[Seen]:
    """What the model finds, in the order of the pictures, in constant memory."""
    waiting = iter(pictures)
    under_way: deque[Future[list[Seen]]] = deque()
    pool = threads()
    try:
        while True:
            while len(under_way) < AHEAD * images.cores():
                part = list(islice(waiting, model.batch))
                if not part:
                    break
                under_way.append(pool.submit(look_at, model, part))
            if not under_way:
                return
            yield from under_way.popleft().result()
    finally:
        for each in under_way:
            each.cancel()


def look_at(model: ScoringModel, pictures: Sequence[Picture]) -> list[Seen]:
    """Decode some pictures and look at them; one that fails does not spoil the others."""
    found: dict[int, Analysis | Exception] = {}
    decoded, scales, numbers = [], [], []
    for candidate, sha256 in pictures:
        try:
            picture, scale = images.open_pixels(sha256, model.side)
        except LabelerError as error:
            found[candidate] = Analysis(outcome=Outcome.FAILED, problem=error.detail)
            continue
        except PASSING as error:
            found[candidate] = error
            continue
        numbers.append(candidate)
        decoded.append(np.asarray(picture))
        scales.append(scale)
    if numbers:
        found |= dict(zip(numbers, _looked(model, decoded, scales), strict=True))
    return [(candidate, found[candidate]) for candidate, _ in pictures]


def _looked(
    model: ScoringModel, pictures: list[np.ndarray], scales: list[float]
) -> list[Analysis | Exception]:
    try:
        return list(model.look(pictures, scales))
    except Exception as error:
        # A model may raise anything at odd pixels. In a batch each is asked alone.
        if len(pictures) > 1:
            pairs = zip(pictures, scales, strict=True)
            return [_looked(model, [one], [scale])[0] for one, scale in pairs]
        if isinstance(error, PASSING):
            return [error]
        said = str(error).strip().splitlines() or [""]
        problem = f"{type(error).__name__}: {said[0]}"[:300]
        return [Analysis(outcome=Outcome.FAILED, problem=problem)]
