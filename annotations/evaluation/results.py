"""Evaluated results, stored under their digest: key, estimate, confidence.

A file has one line for each line of the set; the key of a distractor is empty. It has
no names and URLs, and it always has the key, so that an erasure finds its lines.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from annotations import sql
from annotations.errors import NotFound
from annotations.images import store
from annotations.models import Evaluation

from .answers import Answer

FOLDER = "evaluations"
LOCK_SPACE = 0x455641  # of advisory locks


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture of `key` identified as `estimated`; `place` is its index in the list."""

    place: int
    key: str
    estimated: str
    confidence: float


def serialise(truth: Sequence[str | None], answers: Sequence[Answer]) -> bytes:
    """Return the content of a results file."""
    return "".join(
        f"{key or ''}\t{answer.estimated}\t{answer.confidence!r}\n"
        for key, answer in zip(truth, answers, strict=True)
    ).encode()


def store_results(data: bytes) -> str:
    """Store results and return their digest.

    Lock the digest, so that equal results are not discarded before the transaction
    ends.
    """
    sha256 = digest_of(data)
    _lock(sha256)
    store.put(storage_path(sha256), data)
    return sha256


def digest_of(data: bytes) -> str:
    """Return the digest under which results are stored."""
    return hashlib.sha256(data).hexdigest()


def mistakes_of(evaluation: Evaluation) -> list[Mistake]:
    """Return the wrong answers, those with the highest confidence first."""
    wrong = [
        (key, estimated, confidence)
        for key, estimated, confidence in _read_results(str(evaluation.sha256))
        if key and estimated and estimated != key
    ]
    wrong.sort(key=lambda row: -row[2])
    return [Mistake(place, *row) for place, row in enumerate(wrong)]


def remove_entity(key: str) -> None:
    """Remove an erased entity from all stored results: its lines and estimates.

    Figures stay as published, because they are counts. The old files are deleted once
    the transaction is committed.
    """
    for evaluation in Evaluation.objects.only("pk", "sha256").iterator():
        old_digest = str(evaluation.sha256)
        try:
            rows = list(_read_results(old_digest))
        except NotFound:
            continue
        if not any(key in row[:2] for row in rows):
            continue
        rows = [row for row in rows if row[0] != key]
        answers = [
            Answer("" if estimated == key else estimated, confidence)
            for _, estimated, confidence in rows
        ]
        evaluation.sha256 = store_results(serialise([row[0] for row in rows], answers))
        evaluation.save(update_fields=["sha256"])
        store.after_commit(partial(discard, old_digest))


@transaction.atomic
def discard(sha256: str) -> None:
    """Delete results unless an evaluation still has them."""
    _lock(sha256)
    if not Evaluation.objects.filter(sha256=sha256).exists():
        default_storage.delete(storage_path(sha256))


def _lock(sha256: str) -> None:
    """Lock results until the transaction ends, against storing and discarding them."""
    sql.run("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, sha256])


def _read_results(sha256: str) -> Iterator[tuple[str, str, float]]:
    try:
        file = store.get(storage_path(sha256))
    except FileNotFoundError as error:
        raise NotFound("The file of these results is missing.") from error
    with file:
        for line in file:
            key, estimated, confidence = line.decode().rstrip("\n").split("\t")
            yield key, estimated, float(confidence)


def storage_path(sha256: str) -> str:
    """Return the path of a results file in the storage."""
    return f"{FOLDER}/{sha256[:2]}/{sha256[2:4]}/{sha256}"
