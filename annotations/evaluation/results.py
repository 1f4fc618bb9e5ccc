"""Results that were evaluated, stored under their digest: key, estimate, confidence.

One line for each of the set, the key empty for a distractor. It is what was sent in
without names and URLs, and with the key, so that an erasure finds its lines.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from django.core.files.storage import default_storage
from django.db import connection, transaction

from annotations.errors import NotFound
from annotations.images import store
from annotations.models import Evaluation

from .reading import Answer

FOLDER = "evaluations"
SPACE = 0x455641  # of advisory locks


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture of `key` that was taken for `estimated`; `place` in their order."""

    place: int
    key: str
    estimated: str
    confidence: float


def written(truth: Sequence[str | None], answers: Sequence[Answer]) -> bytes:
    """Results as they are stored."""
    return "".join(
        f"{key or ''}\t{answer.estimated}\t{answer.confidence!r}\n"
        for key, answer in zip(truth, answers, strict=True)
    ).encode()


def keep(data: bytes) -> str:
    """Store results; the answer is their digest.

    Until the transaction ends nobody discards equal ones.
    """
    sha256 = digest_of(data)
    _hold(sha256)
    store.put(stored_name(sha256), data)
    return sha256


def digest_of(data: bytes) -> str:
    """The digest that results are stored under."""
    return hashlib.sha256(data).hexdigest()


def mistakes_of(evaluation: Evaluation) -> list[Mistake]:
    """Wrong answers, the surest first: those are what precision is lost by."""
    wrong = [
        (key, estimated, confidence)
        for key, estimated, confidence in _rows(str(evaluation.sha256))
        if key and estimated and estimated != key
    ]
    wrong.sort(key=lambda row: -row[2])
    return [Mistake(place, *row) for place, row in enumerate(wrong)]


def forget(key: str) -> None:
    """Take an erased entity out of all stored results: its lines, and guesses of it.

    Figures stay as they were published: they are counts. The old files go once the
    transaction has ended well.
    """
    for evaluation in Evaluation.objects.only("pk", "sha256").iterator():
        old = str(evaluation.sha256)
        try:
            rows = list(_rows(old))
        except NotFound:
            continue
        if not any(key in row[:2] for row in rows):
            continue
        left = [row for row in rows if row[0] != key]
        answers = [Answer("" if guess == key else guess, c) for _, guess, c in left]
        evaluation.sha256 = keep(written([row[0] for row in left], answers))
        evaluation.save(update_fields=["sha256"])
        store.after_commit(partial(discard, old))


@transaction.atomic
def discard(sha256: str) -> None:
    """Delete results that no evaluation has any more."""
    _hold(sha256)
    if not Evaluation.objects.filter(sha256=sha256).exists():
        default_storage.delete(stored_name(sha256))


def _hold(sha256: str) -> None:
    """Until the transaction ends nobody else stores or discards these results."""
    with connection.cursor() as cursor:
        sql = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
        cursor.execute(sql, [SPACE, sha256])


def _rows(sha256: str) -> Iterator[tuple[str, str, float]]:
    try:
        file = store.get(stored_name(sha256))
    except FileNotFoundError as error:
        raise NotFound("The store lacks these results.") from error
    with file:
        for line in file:
            key, estimated, confidence = line.decode().rstrip("\n").split("\t")
            yield key, estimated, float(confidence)


def stored_name(sha256: str) -> str:
    """Where the results of this digest lie."""
    return f"{FOLDER}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
