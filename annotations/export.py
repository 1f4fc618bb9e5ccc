"""The files that researchers take away, streamed as PostgreSQL's COPY writes them.

A thread with a connection of its own copies one statement, hence one snapshot, into a
short queue; whoever reads the stream paces it. Memory stays flat whatever the size.
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

PIECE = 128 * 1024  # bytes handed on at once
PIECES_WAITING = 8


class Writable(Protocol):
    """What bytes can be written into."""

    def write(self, piece: bytes, /) -> object:
        """Add bytes."""
        ...


class _Abandoned(Exception):
    """Whoever read the stream went away."""


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

# The inner join on the picture leaves out what is erased.
JUDGMENTS = """
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
JOIN annotations_candidate c ON c.entity_id = q.entity_id AND c.id <= q.upto
JOIN annotations_image i ON i.id = c.image_id
JOIN annotations_judgment j ON j.batch_id = q.batch_id AND j.candidate_id = c.id
WHERE q.batch_id = ANY(%(batches)s) AND j.verdict IS NOT NULL
"""

ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
# A cell holds no TAB, CR or LF: the importer refuses them, and an API client's become
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
    """`truth.tsv` of batches as they are now: a row for every candidate they hold.

    NotFound names batches that there are not, before anything is streamed.
    """
    chosen = _known(batches)
    return _stream(ground_truth.COLUMNS, *ground_truth.statement(chosen))


def stream_judgments(batches: Sequence[int], *, names: bool) -> Iterator[bytes]:
    """`judgments.tsv` of batches: a row for every current judgment, skips included.

    Judges go by their pseudonyms unless the reader may see `names`.
    """
    chosen = _known(batches)
    called = {u.pk: u.username if names else u.pseudonym for u in User.objects.all()}
    parameters = {"names": json.dumps(called), "batches": chosen}
    return _stream(JUDGMENT_COLUMNS, JUDGMENTS, parameters)


def write_truth(batches: Sequence[int], file: Writable) -> None:
    """`truth.tsv` of batches by key and candidate, in the caller's own snapshot."""
    sql, parameters = ground_truth.statement(_known(batches))
    ordered = f'SELECT * FROM ({sql}) t ORDER BY entity_key COLLATE "C", candidate_id'
    _copy_into(file, ground_truth.COLUMNS, ordered, parameters)


def write_judgments(batches: Sequence[int], file: Writable) -> None:
    """`judgments.tsv` of batches with pseudonyms, in order and the caller's snapshot."""
    called = {user.pk: user.pseudonym for user in User.objects.all()}
    parameters = {"names": json.dumps(called), "batches": _known(batches)}
    order = 'ORDER BY e.key COLLATE "C", c.id, j.batch_id, j.judge_id'
    _copy_into(file, JUDGMENT_COLUMNS, JUDGMENTS + order, parameters)


def stream_hours(batch: int) -> Iterator[bytes]:
    """`hours.tsv` of a batch: a row for each judge and day (UTC) of work."""
    [chosen] = _known([batch])
    return _stream(HOURS_COLUMNS, HOURS, {"batch": chosen})


def _known(batches: Sequence[int]) -> list[int]:
    wanted = list(dict.fromkeys(batches))
    if not wanted:
        raise Invalid({"batch": ["Name at least one batch."]})
    found = set(Batch.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    unknown = [str(pk) for pk in wanted if pk not in found]
    if unknown:
        raise NotFound(f"There is no batch {', '.join(unknown)}.")
    return wanted


def _copy_into(
    file: Writable, columns: Sequence[str], sql: str, parameters: dict[str, Any]
) -> None:
    file.write(("\t".join(columns) + "\n").encode())
    with connection.cursor() as cursor:
        statement = cursor.cursor.mogrify(sql, parameters).decode()
        rows = _Plain(file)
        with connection.wrap_database_errors:
            cursor.cursor.copy_expert(f"COPY ({statement}) TO STDOUT (NULL '')", rows)
        rows.flush()


class _Plain:
    """What COPY writes into; hands whole rows on without COPY's escapes."""

    def __init__(self, file: Writable) -> None:
        self.file = file
        self.buffer = bytearray()

    def write(self, row: bytes) -> None:
        """Take one row (libpq hands on whole rows)."""
        self.buffer += row
        if len(self.buffer) >= PIECE:
            self.flush()

    def flush(self) -> None:
        """Hand on what is left."""
        self.file.write(plain(bytes(self.buffer)))
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
    """Copies one statement's rows into a short queue, which ends with None.

    psycopg2 pushes what COPY writes, a stream's reader pulls: hence the thread.
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
        """Copy on a connection of this thread's own, and close it."""
        try:
            self._copy()
        except _Abandoned:
            pass
        except BaseException as error:  # raised again where the stream is read
            self.error = error
        finally:
            # Also ends the COPY on the server where the reader went away.
            connection.close()
            self._hand_on(None)

    def _copy(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            self.backend = connection.connection
            if self.is_abandoned:  # before there was anything to cancel
                raise _Abandoned
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute(WALKING)
            statement = cursor.cursor.mogrify(self.sql, self.parameters).decode()
            cursor.cursor.copy_expert(f"COPY ({statement}) TO STDOUT (NULL '')", self)
            self._flush()

    def write(self, row: bytes) -> None:
        """Take one row (libpq hands on whole rows)."""
        self.buffer += row
        if len(self.buffer) >= PIECE:
            self._flush()

    def _flush(self) -> None:
        piece, self.buffer = bytes(self.buffer), bytearray()
        if piece and not self._hand_on(plain(piece)):
            raise _Abandoned

    def _hand_on(self, piece: bytes | None) -> bool:
        """Wait for room in the queue; False once nobody reads it any more."""
        while not self.is_abandoned:
            with contextlib.suppress(queue.Full):
                self.waiting.put(piece, timeout=1)
                return True
        return False

    def pieces(self) -> Iterator[bytes]:
        """What was copied, piece by piece; an error of the copying is raised here."""
        while (piece := self.waiting.get()) is not None:
            yield piece
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """End the copying, wherever it is, and wait until its connection is closed."""
        self.is_abandoned = True
        with contextlib.suppress(queue.Empty):
            while True:
                self.waiting.get_nowait()
        if self.is_alive() and self.backend is not None:
            with contextlib.suppress(Exception):
                self.backend.cancel()
        self.join()


def plain(rows: bytes) -> bytes:
    """Undo COPY's escapes in whole rows: the files have no quoting."""
    if b"\\" not in rows:
        return rows
    return ESCAPE.sub(lambda m: UNESCAPED.get(m[1], m[1]), rows)
