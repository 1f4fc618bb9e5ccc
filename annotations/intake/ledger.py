"""An import's position and counters, written in the transaction of the rows."""

from collections.abc import Iterator

from django.db.models import F
from django.db.models.functions import Now

from annotations import sql
from annotations.models import Import, ImportState, RefusedRow

from .chunks import Chunk
from .rows import Note, RefusedRecord

# Different sentences that an import keeps.
WARNINGS_MAX = 100
REFUSED_HEADER = "line\treason\trow\n"
NO_ROWS = "The file has no rows."
NOTHING = (
    "The {} contains neither pictures in key folders, <entity key>/<file>, nor a table."
)
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
        position=chunk.last or import_.position,
        rows_read=F("rows_read") + len(chunk.rows) + len(chunk.refused),
        rows_added=F("rows_added") + additions,
        rows_known=F("rows_known") + duplicates,
        rows_refused=F("rows_refused") + len(refusals),
        warnings=_with_notes(import_.warnings, chunk.notes),
        crashes=0,
        touched_at=Now(),
    )


def _with_notes(
    warnings: dict[str, dict[str, int]], notes: list[Note]
) -> dict[str, dict[str, int]]:
    """Return warnings with the notes added: how often each occurs, and where first."""
    merged = {text: dict(entry) for text, entry in warnings.items()}
    for note in notes:
        if note.text not in merged and len(merged) >= WARNINGS_MAX:
            continue
        entry = merged.setdefault(note.text, {"count": 0, "line": note.number})
        entry["count"] += note.rows
    return merged


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


def complete(import_: Import) -> None:
    """End an import after its last row: as failed if every row was refused."""
    problem = ""
    if import_.rows_read and import_.rows_read == import_.rows_refused:
        first = RefusedRow.objects.filter(source=import_).order_by("line").first()
        refused = f"All {import_.rows_read:,} rows were"
        if import_.rows_read == 1:
            refused = "The only row was"
        problem = f"{refused} refused."
        if first is not None:
            problem += f" Line {first.line}: {first.reason}"
    elif not import_.rows_read:
        if import_.layout in ("archive", "folder"):
            problem = NOTHING.format(import_.layout)
        else:
            import_.warnings = _with_notes(import_.warnings, [Note(0, NO_ROWS)])
            import_.save(update_fields=["warnings"])
    end(import_, problem)


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
