"""Erase again, after a restore, what was erased since the backup was made.

manage.py shell -v 0 -c "from deploy.replay_erasures import main; main()" < tombstones.tsv

Each line is a kind, a TAB and an HMAC in hex, as docs/operating.md has them written.
What a tombstone names is found by computing the HMAC of everything that is there.
Doing it twice changes nothing.
"""

import sys
from collections.abc import Iterable

from annotations import erasure
from annotations.intake.tombstones import Kind, key_hmac
from annotations.models import Entity, Image, Tombstone


def replay(lines: Iterable[str]) -> int:
    """Erase what the tombstones name and keep the tombstones; how much was erased."""
    graves = [line.rstrip("\n").split("\t") for line in lines]
    buried = {(kind, bytes.fromhex(said)) for kind, said in graves}
    everyone = Entity.objects.exclude(key=None).values_list("key", flat=True)
    keys = _named("entity", map(str, everyone.iterator()), buried)
    for key in keys:
        erasure.erase_entity(key=key, by=None)
    # Only now: an entity's pictures went with it.
    pictures = Image.objects.values_list("sha256", flat=True)
    digests = _named("image", map(str, pictures.iterator()), buried)
    for digest in digests:
        erasure.erase_image(sha256=digest, by=None)
    # What came and was erased after the backup is not here, and must not come again.
    missing = [Tombstone(kind=kind, hmac=said) for kind, said in buried]
    Tombstone.objects.bulk_create(missing, ignore_conflicts=True)
    return len(keys) + len(digests)


def _named(
    kind: Kind, values: Iterable[str], buried: set[tuple[str, bytes]]
) -> list[str]:
    return [value for value in values if (kind, key_hmac(kind, value)) in buried]


def main() -> None:
    """Replay what stands on standard input."""
    sys.stdout.write(f"{replay(sys.stdin)} erased again.\n")
