"""Merge of one chunk in one transaction: rows, refused rows, counters and position."""

from collections.abc import Sequence

from django.db import DataError, IntegrityError, OperationalError, transaction

from annotations import images
from annotations.models import Import

from . import ledger
from .cells import excerpt
from .chunks import Chunk
from .merging_candidates import ensure_entities, merge_candidates
from .merging_lists import merge_entities, merge_names
from .rows import RefusedRecord, Row
from .tombstones import Tombstones

ATTEMPTS = 20
# PostgreSQL's codes for a deadlock and for a serialization failure.
RETRY_CODES = ("40P01", "40001")
ERASED = "It, or its picture, was erased and must not return."


class _ErasedMeanwhile(Exception):
    """Something was erased between the read of the tombstones and the locks."""


def commit(import_: Import, layout: str, chunk: Chunk, tombstones: Tombstones) -> None:
    """Merge a chunk, with retries after conflicts with other transactions."""
    attempts = ATTEMPTS
    while True:
        try:
            with transaction.atomic():
                tombstones.refresh()
                _merge_chunk(import_, layout, chunk, tombstones)
            return
        except _ErasedMeanwhile:
            continue  # each attempt refuses at least one more row, so this ends
        except OperationalError as error:
            attempts -= 1
            if not attempts or _code(error) not in RETRY_CODES:
                raise
        except IntegrityError:
            # A picture's row was erased after it was read. The next attempt sees that.
            attempts -= 1
            if not attempts:
                raise


def _code(error: Exception) -> str | None:
    return getattr(error.__cause__, "pgcode", None)


def _merge_chunk(
    import_: Import, layout: str, chunk: Chunk, tombstones: Tombstones
) -> None:
    rows, refusals = _without_erased(chunk, tombstones)
    additions, data_errors = _merge(layout, chunk, rows, tombstones)
    refusals += data_errors + chunk.refused
    ledger.record_chunk(import_, chunk, additions, refusals)


def _without_erased(
    chunk: Chunk, tombstones: Tombstones
) -> tuple[Sequence[Row], list[RefusedRecord]]:
    """Return rows without erased data and the others; delete files of erased pictures."""
    if not tombstones.exist:
        return chunk.rows, []
    rows: list[Row] = []
    refusals = []
    for row in chunk.rows:
        if not _is_erased(row, chunk, tombstones):
            rows.append(row)
            continue
        # No excerpt: it would keep the erased data.
        refusals.append(RefusedRecord(row[0], ERASED, ""))
        prepared = chunk.prepared.get(row[0])
        if prepared is not None and tombstones.contain("image", prepared.sha256):
            images.delete_files(prepared.sha256)
    return rows, refusals


def _is_erased(row: Row, chunk: Chunk, tombstones: Tombstones) -> bool:
    """Return whether a row's entity was erased, or its picture or representative."""
    prepared = chunk.prepared.get(row[0])
    digest = prepared.sha256 if prepared is not None else _representative(row)
    return tombstones.contain("entity", row[1]) or bool(
        digest and tombstones.contain("image", digest)
    )


def _representative(row: Row) -> str:
    return row[2].get("representative", "") if isinstance(row[2], dict) else ""


def _merge(
    layout: str, chunk: Chunk, rows: Sequence[Row], tombstones: Tombstones
) -> tuple[int, list[RefusedRecord]]:
    """Merge rows; after a data error, merge each half, until the wrong row is alone."""
    if not rows:
        return 0, []
    try:
        with transaction.atomic():
            return _merge_rows(layout, chunk, rows, tombstones), []
    except DataError as error:
        if len(rows) == 1:
            reason = f"The database refuses the row: {str(error).splitlines()[0]}"
            return 0, [RefusedRecord(rows[0][0], reason, excerpt(str(rows[0][-1])))]
    middle = len(rows) // 2
    first, first_errors = _merge(layout, chunk, rows[:middle], tombstones)
    second, second_errors = _merge(layout, chunk, rows[middle:], tombstones)
    return first + second, first_errors + second_errors


def _merge_rows(
    layout: str, chunk: Chunk, rows: Sequence[Row], tombstones: Tombstones
) -> int:
    if layout == "names":
        changes = merge_names(rows)  # type: ignore[arg-type]
    elif layout == "entities":
        changes = merge_entities(rows)  # type: ignore[arg-type]
    else:
        ids = ensure_entities(rows)  # type: ignore[arg-type]
        changes = merge_candidates(rows, ids, _stored_pictures(chunk, rows))  # type: ignore[arg-type]
    _recheck(chunk, rows, tombstones)
    return changes


def _stored_pictures(
    chunk: Chunk, rows: Sequence[Row]
) -> dict[int, images.StoredImage]:
    """Return the stored pictures of these rows by line; insert missing ones."""
    if not chunk.prepared:
        return {}
    lines = [row[0] for row in rows if row[0] in chunk.prepared]
    by_digest = images.record(chunk.prepared[line] for line in lines)
    return {line: by_digest[chunk.prepared[line].sha256] for line in lines}


def _recheck(chunk: Chunk, rows: Sequence[Row], tombstones: Tombstones) -> None:
    """Check again under the locks, which an erasure takes too."""
    tombstones.refresh()
    if tombstones.exist and any(_is_erased(row, chunk, tombstones) for row in rows):
        raise _ErasedMeanwhile
