"""What an import has done, written in the transaction that did it."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from annotations.models import Import, ImportState, RefusedRow

from .chunks import Chunk
from .rows import Refused

REFUSED_HEADER = "line\treason\trow\n"


def write(import_: Import, chunk: Chunk, added: int, refused: list[Refused]) -> None:
    """Move the import on to the chunk's end."""
    _keep(import_, refused)
    known = len(chunk.rows) - (len(refused) - len(chunk.refused)) - added
    Import.objects.filter(pk=import_.pk).update(
        position=chunk.last,
        rows_read=F("rows_read") + len(chunk.rows) + len(chunk.refused),
        rows_added=F("rows_added") + added,
        rows_known=F("rows_known") + known,
        rows_refused=F("rows_refused") + len(refused),
        crashes=0,
        touched_at=Now(),
    )


def _keep(import_: Import, refused: list[Refused]) -> None:
    if not refused:
        return
    numbers, reasons, texts = zip(*refused, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO annotations_refusedrow (source_id, line, reason, row)"
            " SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::text[])"
            " ON CONFLICT DO NOTHING",
            [import_.pk, list(numbers), list(reasons), list(texts)],
        )


def begin(import_: Import, layout: str) -> None:
    """The import runs, and its layout is known."""
    import_.layout, import_.state = layout, ImportState.RUNNING
    Import.objects.filter(pk=import_.pk).update(
        layout=layout, state=ImportState.RUNNING, touched_at=Now()
    )


def crash(import_: Import) -> int:
    """An error that nobody foresaw stopped it here; for how many times in a row."""
    Import.objects.filter(pk=import_.pk).update(
        crashes=F("crashes") + 1, touched_at=Now()
    )
    import_.refresh_from_db()
    return import_.crashes


def end(import_: Import, problem: str = "") -> None:
    """Every row is in or refused; or the file as a whole cannot be read."""
    Import.objects.filter(pk=import_.pk).update(
        state=ImportState.FAILED if problem else ImportState.DONE,
        problem=problem,
        touched_at=Now(),
        finished_at=Now(),
    )
    import_.refresh_from_db()


def refused_tsv(import_: Import) -> Iterator[str]:
    """The refused rows as lines of `refused.tsv`, header first."""
    yield REFUSED_HEADER
    rows = RefusedRow.objects.filter(source=import_).order_by("line")
    for line, reason, row in rows.values_list("line", "reason", "row").iterator():
        yield f"{line}\t{_cell(reason)}\t{_cell(row)}\n"


def _cell(text: str) -> str:
    return text.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
