"""Runs an import: chunk after chunk, each in one transaction with its counters."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import InterfaceError, OperationalError

from annotations import sql
from annotations.errors import ImportStopped, Invalid, UnreadableFile, WrongState
from annotations.models import Import, ImportState

from . import chunks, ledger, merging, reading
from .detection import ENTITY_LAYOUTS, LAYOUTS
from .prefetching import prefetch
from .rows import Blocks
from .sources import SkipLimit, open_source
from .tombstones import Tombstones

ENDED = (ImportState.DONE, ImportState.FAILED)
# The first of the two keys of advisory locks on running imports.
LOCK_SPACE = 0x1A8E1
# A file is too large for an upload if a task needs longer to skip the imported rows.
SKIP_SECONDS = 15.0
# The storage or the database is not available. A later attempt continues the import.
TEMPORARY_ERRORS = (OSError, OperationalError, InterfaceError)
# Another error that occurs this often in a row at one position is permanent.
CRASHES_MAX = 3

# Called after each chunk with the import, and the bytes of the source: read and total.
Progress = Callable[[Import, int | None, int | None], None]


def run(
    import_: Import,
    source: Path | IO[bytes],
    budget_seconds: float | None = None,
    progress: Progress | None = None,
    allowed: Collection[str] = (*LAYOUTS, "folder"),
) -> bool:
    """Continue an import until it ends or its time is up. Return True if it has ended.

    Starts after the last committed row, so that a crash at any point neither loses nor
    duplicates rows. WrongState if another process runs the same import. An unreadable
    file fails the import, with the problem in a sentence. An unexpected error raises
    Stopped, and fails the import after several attempts.
    """
    with _locked(import_):
        import_.refresh_from_db()
        if import_.state in ENDED:
            return True
        try:
            is_over = _run(import_, source, budget_seconds, progress, allowed)
        except (UnreadableFile, Invalid) as error:
            ledger.end(import_, problem=_problem(error))
            return True
        except TEMPORARY_ERRORS:
            raise
        except Exception as error:
            raise _stopped(import_, error) from error
        if is_over:
            ledger.complete(import_)
        return is_over


def _problem(error: UnreadableFile | Invalid) -> str:
    if isinstance(error, Invalid):
        sentences = (sentence for group in error.errors.values() for sentence in group)
        return " ".join(sentences)
    return error.detail


def _stopped(import_: Import, error: Exception) -> ImportStopped:
    """Count the error; the last attempt at one position fails the import."""
    crashes = ledger.record_crash(import_)
    # Only the error's type: its message could contain a key that is erased later.
    problem = f"Unexpected error ({type(error).__name__}) after line {import_.position}"
    if crashes < CRASHES_MAX:
        return ImportStopped(f"{problem}. All rows before it are imported. Try again.")
    problem += f", {crashes} times. Correct or remove the next rows and import again."
    ledger.end(import_, problem=problem)
    return ImportStopped(problem)


@contextmanager
def _locked(import_: Import) -> Iterator[None]:
    """Hold the import's lock, which ends with the connection at the latest."""
    keys = [LOCK_SPACE, import_.pk % 2**31]
    if not sql.value("SELECT pg_try_advisory_lock(%s, %s)", keys):
        raise WrongState("Another process runs this import.")
    try:
        yield
    finally:
        sql.value("SELECT pg_advisory_unlock(%s, %s)", keys)


def _run(
    import_: Import,
    source: Path | IO[bytes],
    budget_seconds: float | None,
    progress: Progress | None,
    allowed: Collection[str],
) -> bool:
    tombstones = Tombstones()

    def is_erased(sha256: str) -> bool:
        return tombstones.contain("image", sha256)

    skip_limit = SkipLimit(None if budget_seconds is None else SKIP_SECONDS)
    started = time.monotonic()
    with open_source(source, skip_limit) as opened:
        options = reading.Options(
            layout=import_.layout,
            allowed=allowed,
            file_name=import_.file_name,
            with_images=import_.with_images,
            position=import_.position,
            is_erased=is_erased,
            skip_limit=skip_limit,
        )
        layout, blocks = reading.read(opened, options)
        ledger.begin(import_, layout)
        with prefetch(blocks) as ahead:
            for chunk in _chunks(import_, layout, ahead, is_erased):
                merging.commit(import_, layout, chunk, tombstones)
                import_.refresh_from_db()
                if progress is not None:
                    progress(import_, opened.tell(), opened.total)
                if budget_seconds and time.monotonic() - started > budget_seconds:
                    return False
    return True


def _chunks(
    import_: Import, layout: str, blocks: Blocks, is_erased: chunks.IsErased
) -> Iterator[chunks.Chunk]:
    if layout in ENTITY_LAYOUTS or not import_.with_images:
        return chunks.without_pictures(blocks)
    return chunks.with_pictures(blocks, is_erased)
