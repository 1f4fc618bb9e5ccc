"""Everything that is stored twice for the size's sake, recomputed and compared.

`verify` yields what differs, mended where asked: queue rows, conflicts, batch totals and judges'
own numbers (`counters`), candidates' states (`states`), files of pictures (`store`), of releases
(`release_files`) and of evaluations (`result_files`).
"""

from collections.abc import Iterator

from .conflicts import conflicts
from .counters import judges_numbers, queue_rows, totals
from .difference import Difference
from .release_files import lost_release_files, stray_release_files, stray_work
from .result_files import lost_results, stray_results
from .states import candidate_states
from .store import lost_files, stray_files

__all__ = ["Difference", "verify"]


def verify(*, fix: bool = False, files: bool = False) -> Iterator[Difference]:
    """Recompute every stored count and state; with `files`, look into the store too.

    Safe beside people at work: what seems to differ is looked at again under its lock.
    """
    yield from candidate_states(fix=fix)
    yield from queue_rows(fix=fix)
    yield from conflicts(fix=fix)
    yield from judges_numbers(fix=fix)
    yield from totals(fix=fix)
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
