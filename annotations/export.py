"""The files that researchers download, streamed as PostgreSQL's COPY writes them.

A thread with its own connection copies one statement, so one snapshot, into a short
queue. The reader of the stream sets the pace. Memory stays flat at any size.
"""

import contextlib
import json
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from django.db import connection, transaction

from annotations import ground_truth
from annotations.errors import Invalid, NotFound
from annotations.ground_truth import WALKING
from annotations.models import Batch, User
from annotations.sql import fragments

PIECE_BYTES = 128 * 1024
PIECES_WAITING = 8


class Writable(Protocol):
    """An object that accepts bytes, such as a binary file."""

    def write(self, piece: bytes, /) -> object:
        """Add bytes."""


class _Abandoned(Exception):
    """The reader of the stream has gone."""


JUDGMENT_COLUMNS = (
    "entity_key",
    "candidate_id",
    "image_sha256",
    "judge",
    "verdict",
    "decided_at",
    "seconds",
    "how",
    "revision",
    "independent",
)

# The inner join on the image leaves out erased candidates.
JUDGMENTS = f"""
SELECT e.key, c.id, encode(i.sha256, 'hex'), %(names)s::jsonb ->> j.judge_id::text,
       j.verdict,
       to_char(j.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       round(j.centiseconds / 100.0, 2), j.how,
       (SELECT count(*) FROM annotations_judgmentrevision r
        WHERE r.batch_id = j.batch_id AND r.candidate_id = j.candidate_id
          AND r.judge_id = j.judge_id AND r.old_verdict IS NOT NULL),
       j.blind_verdict
FROM annotations_batchentity q
JOIN annotations_entity e ON e.id = q.entity_id
JOIN annotations_candidate c ON {fragments.is_in_row("c", "q")}
JOIN annotations_image i ON i.id = c.image_id
JOIN annotations_judgment j ON j.batch_id = q.batch_id AND j.candidate_id = c.id
WHERE q.batch_id = ANY(%(batches)s) AND j.verdict IS NOT NULL
"""

ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
# A cell never has a TAB, CR or LF: imports refuse them, and those of API clients become
# spaces here.
UNESCAPED = {
    b"t": b" ",
    b"n": b" ",
    b"r": b" ",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}

HOURS_COLUMNS = ("judge", "day", "judged", "skipped", "seconds")
HOURS = """
SELECT u.username, to_char(d.day, 'YYYY-MM-DD'), d.verdicts, d.skips,
       round(d.centiseconds / 100.0, 2)
FROM annotations_judgeday d JOIN annotations_user u ON u.id = d.judge_id
WHERE d.batch_id = %(batch)s AND (d.verdicts, d.skips, d.centiseconds) <> (0, 0, 0)
ORDER BY u.username, d.day
"""


def stream_truth(batches: Sequence[int]) -> Iterator[bytes]:
    """Return `truth.tsv` of batches as they are now: one row per member candidate.

    NotFound names batches that do not exist, before anything is streamed.
    """
    batch_ids = _existing(batches)
    return _stream(ground_truth.COLUMNS, *ground_truth.statement(batch_ids))


def stream_judgments(batches: Sequence[int], *, names: bool) -> Iterator[bytes]:
    """Return `judgments.tsv` of batches: one row per current judgment, with skips.

    Judges have their pseudonyms, or their usernames with `names`.
    """
    users = User.objects.all()
    judge_names = {u.pk: u.username if names else u.pseudonym for u in users}
    parameters = {"names": json.dumps(judge_names), "batches": _existing(batches)}
    return _stream(JUDGMENT_COLUMNS, JUDGMENTS, parameters)


def write_truth(batches: Sequence[int], file: Writable) -> None:
    """Write `truth.tsv` of batches by key and candidate, in the caller's snapshot."""
    sql, parameters = ground_truth.statement(_existing(batches))
    query = f'SELECT * FROM ({sql}) t ORDER BY entity_key COLLATE "C", candidate_id'
    _copy_into(file, ground_truth.COLUMNS, query, parameters)


def write_judgments(batches: Sequence[int], file: Writable) -> None:
    """Write `judgments.tsv` with pseudonyms, sorted, in the caller's snapshot."""
    pseudonyms = {user.pk: user.pseudonym for user in User.objects.all()}
    parameters = {"names": json.dumps(pseudonyms), "batches": _existing(batches)}
    order = 'ORDER BY e.key COLLATE "C", c.id, j.batch_id, j.judge_id'
    _copy_into(file, JUDGMENT_COLUMNS, JUDGMENTS + order, parameters)


def stream_hours(batch: int) -> Iterator[bytes]:
    """Return `hours.tsv` of a batch: one row per judge and day (UTC) of work."""
    [batch_id] = _existing([batch])
    return _stream(HOURS_COLUMNS, HOURS, {"batch": batch_id})


def _existing(batches: Sequence[int]) -> list[int]:
    """Return batch ids without duplicates; Invalid if empty, NotFound if one is unknown."""
    batch_ids = list(dict.fromkeys(batches))
    if not batch_ids:
        raise Invalid({"batch": ["Name at least one batch."]})
    batches_by_id = Batch.objects.in_bulk(batch_ids)
    unknown_ids = [str(pk) for pk in batch_ids if pk not in batches_by_id]
    if unknown_ids:
        raise NotFound(f"There is no batch {', '.join(unknown_ids)}.")
    return batch_ids


def _copy_into(
    file: Writable, columns: Sequence[str], sql: str, parameters: dict[str, Any]
) -> None:
    file.write(("\t".join(columns) + "\n").encode())
    with connection.cursor() as cursor:
        statement = cursor.cursor.mogrify(sql, parameters).decode()
        unescaper = _Unescaper(file)
        copy = f"COPY ({statement}) TO STDOUT (NULL '')"
        with connection.wrap_database_errors:
            cursor.cursor.copy_expert(copy, unescaper)
        unescaper.flush()


class _Unescaper:
    """A target for COPY that writes whole rows to a file, without COPY's escapes."""

    def __init__(self, file: Writable) -> None:
        self.file = file
        self.buffer = bytearray()

    def write(self, row: bytes) -> None:
        """Add one row: libpq always passes whole rows."""
        self.buffer += row
        if len(self.buffer) >= PIECE_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are in the buffer."""
        self.file.write(unescape(bytes(self.buffer)))
        self.buffer.clear()


def _stream(
    columns: Sequence[str], sql: str, parameters: dict[str, Any]
) -> Iterator[bytes]:
    yield ("\t".join(columns) + "\n").encode()
    copy = _Copy(sql, parameters)
    copy.start()
    try:
        yield from copy.pieces()
    finally:
        copy.stop()


class _Copy(threading.Thread):
    """A thread that copies one statement's rows into a short queue; None ends it.

    psycopg2 pushes COPY's rows and the reader of a stream pulls them, so both need a
    thread of their own.
    """

    def __init__(self, sql: str, parameters: dict[str, Any]) -> None:
        super().__init__(name="export", daemon=True)
        self.sql = sql
        self.parameters = parameters
        self.waiting: queue.Queue[bytes | None] = queue.Queue(PIECES_WAITING)
        self.is_abandoned = False
        self.backend: Any = None
        self.error: BaseException | None = None
        self.buffer = bytearray()

    def run(self) -> None:
        """Copy on a connection of this thread, and close it."""
        try:
            self._copy()
        except _Abandoned:
            pass
        except BaseException as error:  # `pieces` raises it in the reader's thread
            self.error = error
        finally:
            # This also ends the COPY on the server if the reader has gone.
            connection.close()
            self._enqueue(None)

    def _copy(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self.backend = connection.connection
            if self.is_abandoned:  # `stop` came before it could cancel a statement
                raise _Abandoned
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(WALKING)
            statement = cursor.cursor.mogrify(self.sql, self.parameters).decode()
            cursor.cursor.copy_expert(f"COPY ({statement}) TO STDOUT (NULL '')", self)
            self._flush()

    def write(self, row: bytes) -> None:
        """Add one row: libpq always passes whole rows."""
        self.buffer += row
        if len(self.buffer) >= PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        piece, self.buffer = bytes(self.buffer), bytearray()
        if piece and not self._enqueue(unescape(piece)):
            raise _Abandoned

    def _enqueue(self, piece: bytes | None) -> bool:
        """Wait for room in the queue. Return False once the reader has gone."""
        while not self.is_abandoned:
            with contextlib.suppress(queue.Full):
                self.waiting.put(piece, timeout=1)
                return True
        return False

    def pieces(self) -> Iterator[bytes]:
        """Yield the copied bytes; raise here an error that ended the copying."""
        while (piece := self.waiting.get()) is not None:
            yield piece
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """End the copying at any point, and wait until its connection is closed."""
        self.is_abandoned = True
        with contextlib.suppress(queue.Empty):
            while True:
                self.waiting.get_nowait()
        if self.is_alive() and self.backend is not None:
            with contextlib.suppress(Exception):
                self.backend.cancel()
        self.join()


def unescape(rows: bytes) -> bytes:
    """Remove COPY's escapes from whole rows: the files have no quoting."""
    if b"\\" not in rows:
        return rows
    return ESCAPE.sub(lambda m: UNESCAPED.get(m[1], m[1]), rows)
