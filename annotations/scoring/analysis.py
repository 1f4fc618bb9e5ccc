"""Pictures are decoded and analysed on threads, ahead of their use."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice

import numpy as np

from annotations import images
from annotations.errors import LabelerError
from annotations.models import Outcome

from .base import Analysis, Pixels, ScoringModel

# Slices of pictures that each thread can be ahead.
AHEAD = 3

Picture = tuple[int, str]  # a candidate and the digest of its picture
# A candidate with its analysis, or with a transient error such as a missing storage.
Result = tuple[int, Analysis | Exception]
TRANSIENT = (OSError, MemoryError)


@cache
def threads() -> ThreadPoolExecutor:
    """Return the threads of this process. Models cache data for each thread."""
    return ThreadPoolExecutor(images.cores(), "analyse")


def end_threads() -> None:
    """End the threads, and free the data that models cache for them."""
    if threads.cache_info().currsize:
        threads().shutdown()
        threads.cache_clear()


def analyse_ahead(model: ScoringModel, pictures: Iterable[Picture]) -> Iterator[Result]:
    """Yield the results of pictures in order, in constant memory."""
    iterator = iter(pictures)
    futures: deque[Future[list[Result]]] = deque()
    pool = threads()
    try:
        while True:
            while len(futures) < AHEAD * images.cores():
                batch = list(islice(iterator, model.batch))
                if not batch:
                    break
                futures.append(pool.submit(analyse, model, batch))
            if not futures:
                return
            yield from futures.popleft().result()
    finally:
        for future in futures:
            future.cancel()


def analyse(model: ScoringModel, pictures: Sequence[Picture]) -> list[Result]:
    """Decode and analyse some pictures. An error affects only its own picture."""
    results: dict[int, Analysis | Exception] = {}
    arrays, scales, candidates = [], [], []
    for candidate, sha256 in pictures:
        try:
            picture, scale = images.open_pixels(sha256, model.side)
        except LabelerError as error:
            results[candidate] = Analysis(outcome=Outcome.FAILED, problem=error.detail)
            continue
        except TRANSIENT as error:
            results[candidate] = error
            continue
        candidates.append(candidate)
        arrays.append(np.asarray(picture))
        scales.append(scale)
    if candidates:
        analyses = _analyse(model, arrays, scales)
        results |= dict(zip(candidates, analyses, strict=True))
    return [(candidate, results[candidate]) for candidate, _ in pictures]


def _analyse(
    model: ScoringModel, pictures: list[Pixels], scales: list[float]
) -> list[Analysis | Exception]:
    try:
        return list(model.analyse(pictures, scales))
    except Exception as error:
        # A model can raise any error on odd pixels. Analyse each picture alone.
        if len(pictures) > 1:
            pairs = zip(pictures, scales, strict=True)
            return [_analyse(model, [picture], [scale])[0] for picture, scale in pairs]
        if isinstance(error, TRANSIENT):
            return [error]
        lines = str(error).strip().splitlines() or [""]
        problem = f"{type(error).__name__}: {lines[0]}"[:300]
        return [Analysis(outcome=Outcome.FAILED, problem=problem)]
