"""Simultaneous import and erasure of the same pictures: nothing erased returns."""

import base64
import hashlib
import threading

import pytest
from django.db import connection

from annotations import erasure
from annotations.models import Candidate, Image, Import
from annotations.verification import verify

from .imported import imported
from .pictures import drawn

pytestmark = pytest.mark.django_db(transaction=True)


def rows_of(pictures):
    return "".join(
        f"m.e{n % 5}\t{n}\t\t\tFaceId-0\t\t{base64.b64encode(data).decode()}\n"
        for n, data in enumerate(pictures)
    )


def erase_all(digests, is_over):
    """Erase each picture as soon as it exists."""
    remaining_digests = set(digests)
    try:
        while remaining_digests and not is_over.is_set():
            for present in Image.objects.filter(sha256__in=remaining_digests):
                erasure.erase_image(sha256=present.sha256, by=None)
                remaining_digests.discard(present.sha256)
    finally:
        connection.close()


def test_what_is_erased_while_it_is_imported_does_not_return():
    pictures = [drawn(seed=n) for n in range(120)]
    digests = [hashlib.sha256(data).hexdigest() for data in pictures]
    text, doomed, is_over = rows_of(pictures), digests[::2], threading.Event()
    eraser = threading.Thread(target=erase_all, args=(doomed, is_over))
    eraser.start()
    try:
        for _ in range(3):
            assert imported(text, "faces").state == "done"
    finally:
        is_over.set()
        eraser.join()
    for digest in doomed:  # whichever commits first, they are erased in the end
        if Image.objects.filter(sha256=digest).exists():
            erasure.erase_image(sha256=digest, by=None)
    last = imported(text, "faces")
    assert (last.rows_added, last.rows_known) == (0, 60)
    assert last.rows_refused == 60
    assert Candidate.objects.filter(state="ready").count() == 60
    assert not Image.objects.filter(sha256__in=doomed).exists()
    assert Import.objects.filter(state="failed").count() == 0
    assert list(verify(files=True)) == []
