"""Run an import: chunk after chunk, each in one transaction with its account."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import InterfaceError, OperationalError, connection

from annotations.errors import Invalid, Stopped, UnreadableFile, WrongState
from annotations.models import Import, ImportState

from . import chunks, ledger, merging, reading
from .detection import ENTITY_LAYOUTS, LAYOUTS
from .prefetching import prefetched
from .sources import Patience, opened
from .tombstones import Graves

ENDED = (ImportState.DONE, ImportState.FAILED)
# The first of the two keys of our advisory locks: the imports under way.
LOCK_SPACE = 0x1A8E1
# A slice gets this far into its file, or the file is too large for slices.
SKIP_SECONDS = 15.0
# The storage or the database is away: it comes back, and the import goes on.
PASSING = (OSError, OperationalError, InterfaceError)
# Whatever else is met so often in a row at one place is met for ever.
CRASHES_MAX = 3

# Told after each chunk: the import, what is done of the source and in all, in bytes.
Progress = Callable[[Import, int | None, int | None], None]


def run(
    import_: Import,
    source: Path | IO[bytes],
    budget_seconds: float | None = None,
    progress: Progress | None = None,
    allowed: Collection[str] = (*LAYOUTS, "folder"),
) -> bool:
    """Go on with an import until it ends or its time is over; whether it ended.

    Goes on after what is committed, so that a kill at any point loses and doubles
    nothing. WrongState where another process runs the same import. A file that cannot
    be read as a whole ends as failed, with the problem in a sentence; so does one at
    which we crash again and again, each time with Stopped.
    """
    with _alone(import_):
        import_.refresh_from_db()
        if import_.state in ENDED:
            return True
        try:
            is_over = _run(import_, source, budget_seconds, progress, allowed)
        except (UnreadableFile, Invalid) as error:
            ledger.end(import_, problem=_problem(error))
            return True
        except PASSING:
            raise
        except Exception as error:
            raise _stopped(import_, error) from error
        if is_over:
            ledger.end(import_)
        return is_over


def _problem(error: UnreadableFile | Invalid) -> str:
    if isinstance(error, Invalid):
        return " ".join(said for each in error.errors.values() for said in each)
    return error.detail


def _stopped(import_: Import, error: Exception) -> Stopped:
    """Count the crash; one too many in the same place ends the import as failed."""
    crashes = ledger.crash(import_)
    # The error's own words may hold a key that is erased some day.
    said = f"An error that nobody foresaw ({type(error).__name__}) stopped the import"
    said += f" after line {import_.position}"
    if crashes < CRASHES_MAX:
        return Stopped(f"{said}; what was read is kept, and it can go on from there.")
    said += f", {crashes} times. Mend or leave out the rows after it; import it again."
    ledger.end(import_, problem=said)
    return Stopped(said)


@contextmanager
def _alone(import_: Import) -> Iterator[None]:
    """Nobody else runs this import; a lock that ends with the connection."""
    with connection.cursor() as cursor:
        keys = [LOCK_SPACE, import_.pk % 2**31]
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        if not cursor.fetchone()[0]:
            raise WrongState("The import is under way in another process.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)


def _run(
    import_: Import,
    source: Path | IO[bytes],
    budget_seconds: float | None,
    progress: Progress | None,
    allowed: Collection[str],
) -> bool:
    graves = Graves()

    def is_buried(sha256: str) -> bool:
        return graves.hold("image", sha256)

    patience = Patience(None if budget_seconds is None else SKIP_SECONDS)
    started = time.monotonic()
    with opened(source, patience) as found:
        order = reading.Order(
            layout=import_.layout,
            allowed=allowed,
            file_name=import_.file_name,
            with_images=import_.with_images,
            position=import_.position,
            is_buried=is_buried,
            patience=patience,
        )
        layout, blocks = reading.read(found, order)
        ledger.begin(import_, layout)
        with prefetched(blocks) as ahead:
            for chunk in _chunks(import_, layout, ahead, is_buried):
                merging.commit(import_, layout, chunk, graves)
                import_.refresh_from_db()
                if progress is not None:
                    progress(import_, found.tell(), found.total)
                if budget_seconds and time.monotonic() - started > budget_seconds:
                    return False
    return True


def _chunks(
    import_: Import, layout: str, blocks: reading.Blocks, is_buried: chunks.IsBuried
) -> Iterator[chunks.Chunk]:
    if layout in ENTITY_LAYOUTS or not import_.with_images:
        return chunks.without_pictures(blocks)
    return chunks.with_pictures(blocks, is_buried)
