"""Erase again, after a restore, what was erased since the backup was made.

python -m deploy.replay_erasures < tombstones.tsv

Each line is a kind, a TAB and an HMAC in hex, as docs/operating.md has them written.
What a tombstone names is found by computing the HMAC of everything that is there.
Doing it twice changes nothing.
"""

import os
import sys
from collections.abc import Iterable

import django


def replay(lines: Iterable[str]) -> int:
    """Erase what the tombstones name and keep the tombstones; how much was erased."""
    # Models can be imported only once Django is set up, which a script does itself.
    from annotations import erasure  # noqa: PLC0415
    from annotations.intake.tombstones import key_hmac  # noqa: PLC0415
    from annotations.models import Entity, Image, Tombstone  # noqa: PLC0415

    graves = [line.rstrip("\n").split("\t") for line in lines]
    buried = {(kind, bytes.fromhex(said)) for kind, said in graves}
    keys = Entity.objects.exclude(key=None).values_list("key", flat=True)
    digests = Image.objects.values_list("sha256", flat=True)
    found_keys = [k for k in keys.iterator() if ("entity", key_hmac("entity", k)) in buried]  # fmt: skip
    for key in found_keys:
        erasure.erase_entity(key=key, by=None)
    # Only now: an entity's pictures went with it.
    found = [d for d in digests.iterator() if ("image", key_hmac("image", d)) in buried]
    for digest in found:
        erasure.erase_image(sha256=digest, by=None)
    # What came and was erased after the backup is not here, and must not come again.
    missing = [Tombstone(kind=kind, hmac=said) for kind, said in buried]
    Tombstone.objects.bulk_create(missing, ignore_conflicts=True)
    return len(found_keys) + len(found)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.settings")
    django.setup()
    sys.stdout.write(f"{replay(sys.stdin)} erased again.\n")
