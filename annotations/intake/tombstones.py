"""Tombstones: HMACs of erased keys and digests, which must not return."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Literal

from django.conf import settings

from annotations.models import Tombstone

Kind = Literal["entity", "image"]


def key_hmac(kind: Kind, value: str) -> bytes:
    """Return the HMAC of an entity's key or of a picture's digest in hex.

    Without TOMBSTONE_KEY, it does not reveal the value.
    """
    message = f"{kind}:{value}".encode()
    return hmac.new(settings.TOMBSTONE_KEY.encode(), message, hashlib.sha256).digest()


def is_erased(kind: Kind, value: str) -> bool:
    """Return whether this key or digest was erased."""
    return Tombstone.objects.filter(hmac=key_hmac(kind, value)).exists()


def add_tombstones(kind: Kind, values: Iterable[str]) -> None:
    """Store that these keys or digests were erased."""
    Tombstone.objects.bulk_create(
        [Tombstone(kind=kind, hmac=key_hmac(kind, value)) for value in values],
        ignore_conflicts=True,
    )


class Tombstones:
    """All tombstones in memory, so that threads can check a picture before they write it.

    Only the thread that owns the connection can call `refresh`, which reads the
    database. Any thread can call `contain`.
    """

    def __init__(self) -> None:
        self._hmacs: frozenset[bytes] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Read them again if their number has changed."""
        if Tombstone.objects.count() != len(self._hmacs):
            hmacs = Tombstone.objects.values_list("hmac", flat=True)
            self._hmacs = frozenset(bytes(value) for value in hmacs.iterator())

    @property
    def exist(self) -> bool:
        """Whether anything was erased at all."""
        return bool(self._hmacs)

    def contain(self, kind: Kind, value: str) -> bool:
        """Return whether this key or digest was erased."""
        return bool(self._hmacs) and key_hmac(kind, value) in self._hmacs
