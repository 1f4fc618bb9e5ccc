"""One chunk, one transaction: rows, refused rows, counters and the place in the file."""

from collections.abc import Sequence

from django.db import DataError, IntegrityError, OperationalError, transaction

from annotations import images
from annotations.models import Import

from . import ledger
from .cells import excerpt
from .chunks import Chunk
from .merging_candidates import ensure_entities, merge_candidates
from .merging_lists import merge_entities, merge_names
from .rows import Refused, Row
from .tombstones import Graves

TRIES = 20
# PostgreSQL's codes for deadlock and for a transaction that must be tried again.
AGAIN = ("40P01", "40001")
ERASED = "It, or its picture, was erased and must not return."


class _Buried(Exception):
    """Something was erased between the look at the tombstones and the locks."""


def commit(import_: Import, layout: str, chunk: Chunk, graves: Graves) -> None:
    """Take a chunk in; tried again where others were in the way."""
    left = TRIES
    while True:
        try:
            with transaction.atomic():
                graves.refresh()
                _take_in(import_, layout, chunk, graves)
            return
        except _Buried:
            continue  # for as long as it has rows to lose: each time one more is erased
        except OperationalError as error:
            left -= 1
            if not left or _code(error) not in AGAIN:
                raise
        except IntegrityError:
            # A picture's row was erased after it was found; the next look tells.
            left -= 1
            if not left:
                raise


def _code(error: Exception) -> str | None:
    return getattr(error.__cause__, "pgcode", None)


def _take_in(import_: Import, layout: str, chunk: Chunk, graves: Graves) -> None:
    rows, buried = _unburied(chunk, graves)
    added, refused = _merge(layout, chunk, rows, graves)
    refused += buried + chunk.refused
    ledger.write(import_, chunk, added, refused)


def _unburied(chunk: Chunk, graves: Graves) -> tuple[Sequence[Row], list[Refused]]:
    """The rows that may come in; bytes of erased pictures leave the store again."""
    if not graves.are_there:
        return chunk.rows, []
    kept: list[Row] = []
    refused = []
    for row in chunk.rows:
        if not _is_buried(row, chunk, graves):
            kept.append(row)
            continue
        # Its text would remember what was to be forgotten.
        refused.append(Refused(row[0], ERASED, ""))
        prepared = chunk.prepared.get(row[0])
        if prepared is not None and graves.hold("image", prepared.sha256):
            images.delete_files(prepared.sha256)
    return kept, refused


def _is_buried(row: Row, chunk: Chunk, graves: Graves) -> bool:
    """Whether its entity was erased, or the picture that it brings or chooses."""
    prepared = chunk.prepared.get(row[0])
    digest = prepared.sha256 if prepared is not None else _representative(row)
    return graves.hold("entity", row[1]) or bool(
        digest and graves.hold("image", digest)
    )


def _representative(row: Row) -> str:
    return row[2].get("representative", "") if isinstance(row[2], dict) else ""


def _merge(
    layout: str, chunk: Chunk, rows: Sequence[Row], graves: Graves
) -> tuple[int, list[Refused]]:
    """Merge rows; what the database refuses is halved until the row is found."""
    if not rows:
        return 0, []
    try:
        with transaction.atomic():
            return _merge_rows(layout, chunk, rows, graves), []
    except DataError as error:
        if len(rows) == 1:
            reason = f"The database refuses it: {str(error).splitlines()[0]}"
            return 0, [Refused(rows[0][0], reason, excerpt(str(rows[0][-1])))]
    middle = len(rows) // 2
    first, refused = _merge(layout, chunk, rows[:middle], graves)
    second, more = _merge(layout, chunk, rows[middle:], graves)
    return first + second, refused + more


def _merge_rows(layout: str, chunk: Chunk, rows: Sequence[Row], graves: Graves) -> int:
    if layout == "names":
        added = merge_names(rows)  # type: ignore[arg-type]
    elif layout == "entities":
        added = merge_entities(rows)  # type: ignore[arg-type]
    else:
        ids = ensure_entities(rows)  # type: ignore[arg-type]
        added = merge_candidates(rows, ids, _recorded(chunk, rows))  # type: ignore[arg-type]
    _look_again(chunk, rows, graves)
    return added


def _recorded(chunk: Chunk, rows: Sequence[Row]) -> dict[int, images.Stored]:
    """The pictures of these rows by line, their rows made where they are missing."""
    if not chunk.prepared:
        return {}
    here = {row[0]: chunk.prepared[row[0]] for row in rows if row[0] in chunk.prepared}
    stored = images.record(here.values())
    return {line: stored[each.sha256] for line, each in here.items()}


def _look_again(chunk: Chunk, rows: Sequence[Row], graves: Graves) -> None:
    """Erasing takes the same locks: from here on nothing of this can be erased."""
    graves.refresh()
    if not graves.are_there:
        return
    if any(_is_buried(row, chunk, graves) for row in rows):
        raise _Buried
