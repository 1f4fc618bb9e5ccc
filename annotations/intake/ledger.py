"""An import's position and counters, written in the transaction of the rows."""

from collections.abc import Iterator

from django.db.models import F
from django.db.models.functions import Now

from annotations import sql
from annotations.models import Import, ImportState, RefusedRow

from .chunks import Chunk
from .rows import RefusedRecord

REFUSED_HEADER = "line\treason\trow\n"
INSERT = """
INSERT INTO annotations_refusedrow (source_id, line, reason, row)
SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""


def record_chunk(
    import_: Import, chunk: Chunk, additions: int, refusals: list[RefusedRecord]
) -> None:
    """Move the import to the end of a chunk; `refusals` include the chunk's own."""
    _insert(import_, refusals)
    duplicates = len(chunk.rows) - (len(refusals) - len(chunk.refused)) - additions
    Import.objects.filter(pk=import_.pk).update(
        position=chunk.last,
        rows_read=F("rows_read") + len(chunk.rows) + len(chunk.refused),
        rows_added=F("rows_added") + additions,
        rows_known=F("rows_known") + duplicates,
        rows_refused=F("rows_refused") + len(refusals),
        crashes=0,
        touched_at=Now(),
    )


def _insert(import_: Import, refusals: list[RefusedRecord]) -> None:
    if refusals:
        columns = [list(column) for column in zip(*refusals, strict=True)]
        sql.run(INSERT, [import_.pk, *columns])


def begin(import_: Import, layout: str) -> None:
    """Mark the import as running, with its layout."""
    import_.layout, import_.state = layout, ImportState.RUNNING
    Import.objects.filter(pk=import_.pk).update(
        layout=layout, state=ImportState.RUNNING, touched_at=Now()
    )


def record_crash(import_: Import) -> int:
    """Count an unexpected error; return the number of errors in a row at this position."""
    Import.objects.filter(pk=import_.pk).update(
        crashes=F("crashes") + 1, touched_at=Now()
    )
    import_.refresh_from_db()
    return import_.crashes


def end(import_: Import, problem: str = "") -> None:
    """Mark the import as done, or as failed if the file has a `problem`."""
    Import.objects.filter(pk=import_.pk).update(
        state=ImportState.FAILED if problem else ImportState.DONE,
        problem=problem,
        touched_at=Now(),
        finished_at=Now(),
    )
    import_.refresh_from_db()


def refused_tsv(import_: Import) -> Iterator[str]:
    """Yield the lines of `refused.tsv`: the header and all refused rows."""
    yield REFUSED_HEADER
    rows = RefusedRow.objects.filter(source=import_).order_by("line")
    for line, reason, row in rows.values_list("line", "reason", "row").iterator():
        yield f"{line}\t{_cell(reason)}\t{_cell(row)}\n"


def _cell(text: str) -> str:
    return text.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
