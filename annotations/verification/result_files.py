"""Files in the store against the rows of evaluations."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotations import evaluation
from annotations.evaluation import results
from annotations.models import Evaluation

from . import folders
from .difference import Difference


def lost_results() -> Iterator[Difference]:
    """Evaluations whose results are not in the store; nothing here can mend that."""
    rows = Evaluation.objects.order_by("pk").values_list("pk", "sha256")
    for number, sha256 in rows.iterator():
        stored = results.stored_name(str(sha256))
        if not default_storage.exists(stored):  # an erasure may have emptied it
            where = f"file {stored} (results of evaluation {number})"
            yield Difference(where, "missing", folders.THERE)


def stray_results(*, fix: bool) -> Iterator[Difference]:
    """Results of no evaluation: it was undone, or whoever discarded them was killed."""
    for names in folders.leaves(results.FOLDER):
        digests = {name: folders.digest_of(name) for name in names}
        wanted = {digest for digest in digests.values() if digest}
        rows = Evaluation.objects.filter(sha256__in=wanted)
        known = set(rows.values_list("sha256", flat=True))
        for name, digest in digests.items():
            if digest not in known and folders.is_old(name):
                if fix:
                    _delete(name, digest)
                where = f"file {name}"
                yield Difference(where, "of no evaluation", folders.ABSENT, fix)


def _delete(name: str, digest: str) -> None:
    if digest:
        evaluation.discard(digest)  # an equal one may be on its way
    else:
        default_storage.delete(name)
