"""Recomputes everything that is stored twice for speed, and compares.

`verify` yields the differences and corrects them on request: queue rows, batch totals
and judges' counters (`counters`), conflicts (`conflicts`), candidates' states
(`states`), files of images (`store`), of releases (`release_files`) and of evaluations
(`result_files`).
"""

from collections.abc import Iterator

from .conflicts import conflicts
from .counters import batch_totals, judge_counters, queue_rows
from .difference import Difference
from .release_files import lost_release_files, stray_release_files, stray_work
from .result_files import lost_results, stray_results
from .states import candidate_states
from .store import lost_files, stray_files

__all__ = ["Difference", "verify"]


def verify(*, fix: bool = False, files: bool = False) -> Iterator[Difference]:
    """Recompute every stored count and state; with `files`, check the store too.

    Safe while people work: each apparent difference is checked again under its lock.
    """
    yield from candidate_states(fix=fix)
    yield from queue_rows(fix=fix)
    yield from conflicts(fix=fix)
    yield from judge_counters(fix=fix)
    yield from batch_totals(fix=fix)
    if files:
        yield from _lost()
        yield from _stray(fix=fix)


def _lost() -> Iterator[Difference]:
    yield from lost_files()
    yield from lost_release_files()
    yield from lost_results()


def _stray(*, fix: bool) -> Iterator[Difference]:
    yield from stray_files(fix=fix)
    yield from stray_release_files(fix=fix)
    yield from stray_work(fix=fix)
    yield from stray_results(fix=fix)
