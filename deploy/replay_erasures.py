"""Repeat, after a restore, the erasures since the backup.

manage.py shell -v 0 -c "from deploy.replay_erasures import main; main()" < tombstones.tsv

Each line is a kind, a TAB and an HMAC in hex. docs/operating.md shows how to export them.
The program computes the HMAC of every entity and picture to find the ones with a tombstone.
Running it twice changes nothing.
"""

import sys
from collections.abc import Iterable

from annotations import erasure
from annotations.intake.tombstones import Kind, key_hmac
from annotations.models import Entity, Image, Tombstone


def replay(lines: Iterable[str]) -> int:
    """Erase everything with a tombstone, and add the tombstones. Return the number erased."""
    rows = [line.rstrip("\n").split("\t") for line in lines]
    tombstones = {(kind, bytes.fromhex(digits)) for kind, digits in rows}
    entities = Entity.objects.exclude(key=None).values_list("key", flat=True)
    keys = _with_tombstone("entity", map(str, entities.iterator()), tombstones)
    for key in keys:
        erasure.erase_entity(key=key, by=None)
    # After the entities, because their pictures were erased with them.
    pictures = Image.objects.values_list("sha256", flat=True)
    digests = _with_tombstone("image", map(str, pictures.iterator()), tombstones)
    for digest in digests:
        erasure.erase_image(sha256=digest, by=None)
    # Also the tombstones of imports after the backup, which must not be imported again.
    records = [Tombstone(kind=kind, hmac=hmac) for kind, hmac in tombstones]
    Tombstone.objects.bulk_create(records, ignore_conflicts=True)
    return len(keys) + len(digests)


def _with_tombstone(
    kind: Kind, values: Iterable[str], tombstones: set[tuple[str, bytes]]
) -> list[str]:
    return [value for value in values if (kind, key_hmac(kind, value)) in tombstones]


def main() -> None:
    """Replay the tombstones on standard input."""
    sys.stdout.write(f"{replay(sys.stdin)} erased again.\n")
