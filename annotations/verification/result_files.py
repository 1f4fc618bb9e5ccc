"""Compares files in the store with the rows of evaluations."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotations import evaluation
from annotations.evaluation import results
from annotations.models import Evaluation

from . import folders
from .difference import Difference


def lost_results() -> Iterator[Difference]:
    """Yield evaluations whose results are not in the store. This cannot be corrected."""
    rows = Evaluation.objects.order_by("pk").values_list("pk", "sha256")
    for evaluation_id, sha256 in rows.iterator():
        path = results.storage_path(str(sha256))
        if not default_storage.exists(path):  # an erasure may have emptied it
            where = f"file {path} (results of evaluation {evaluation_id})"
            yield Difference(where, "missing", folders.THERE)


def stray_results(*, fix: bool) -> Iterator[Difference]:
    """Yield results without an evaluation: after a rollback, or a killed process."""
    for names in folders.leaves(results.FOLDER):
        digests = {name: folders.digest_of(name) for name in names}
        rows = Evaluation.objects.filter(sha256__in=set(digests.values()) - {""})
        digests_with_row = set(map(str, rows.values_list("sha256", flat=True)))
        for name, digest in digests.items():
            if digest not in digests_with_row and folders.is_old(name):
                if fix:
                    _delete(name, digest)
                where = f"file {name}"
                yield Difference(where, "of no evaluation", folders.ABSENT, fix)


def _delete(name: str, digest: str) -> None:
    if digest:
        evaluation.discard(digest)  # under a lock: equal results may be on their way
    else:
        default_storage.delete(name)
