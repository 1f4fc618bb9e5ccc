"""What was erased and must not return, remembered as HMACs only."""

import hashlib
import hmac
from typing import Literal

from django.conf import settings

from annotations.models import Tombstone

Kind = Literal["entity", "image"]


def key_hmac(kind: Kind, value: str) -> bytes:
    """The tombstone of a key or of a digest in hex; says nothing without our key."""
    said = f"{kind}:{value}".encode()
    return hmac.new(settings.TOMBSTONE_KEY.encode(), said, hashlib.sha256).digest()


def is_buried(kind: Kind, value: str) -> bool:
    """Whether this key or digest was erased."""
    return Tombstone.objects.filter(hmac=key_hmac(kind, value)).exists()


class Graves:
    """All tombstones in memory, so that threads can ask before they write a file.

    Costs nothing while nobody was erased. `refresh` asks the database and belongs to
    the thread that owns the connection; `hold` may be asked by any.
    """

    def __init__(self) -> None:
        self._hmacs: frozenset[bytes] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Read them again where their number changed."""
        if Tombstone.objects.count() != len(self._hmacs):
            found = Tombstone.objects.values_list("hmac", flat=True)
            self._hmacs = frozenset(bytes(each) for each in found.iterator())

    @property
    def are_there(self) -> bool:
        """Whether anything was erased at all."""
        return bool(self._hmacs)

    def hold(self, kind: Kind, value: str) -> bool:
        """Whether this key or digest was erased."""
        return bool(self._hmacs) and key_hmac(kind, value) in self._hmacs
