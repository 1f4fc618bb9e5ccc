"""Compares files in the store with the rows of releases and of work on them."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotations.models import Release, ReleaseRemoval, ReleaseState
from annotations.releases import files

from . import folders
from .difference import Difference


def lost_release_files() -> Iterator[Difference]:
    """Yield files of done releases whose bytes are not in the store.

    This cannot be corrected. Include files that an erasure found lost, although it has
    removed their names from the release.
    """
    for release in Release.objects.filter(state=ReleaseState.DONE).order_by("pk"):
        for name, entry in release.files.items():
            if not files.is_whole(entry):
                stored_name = files.stored_name(entry["sha256"])
                where = f"file {stored_name} ({name} of release {release.pk})"
                yield Difference(where, folders.LOST, folders.THERE)
    removals = ReleaseRemoval.objects.select_related("release").order_by("pk")
    for removal in removals.filter(new_sha256=files.EMPTY_SHA256).iterator():
        if removal.file not in removal.release.files:
            where = f"file {removal.file} of release {removal.release_id}"
            yield Difference(where, "lost before an erasure", folders.THERE)


def stray_release_files(*, fix: bool) -> Iterator[Difference]:
    """Yield files that no release names, left by an erasure or a killed worker."""
    digests = _digests_in_use()
    for path in folders.inner("releases"):
        if path == files.WORK:
            continue
        for name in folders.below(path):
            if folders.digest_of(name) not in digests and folders.is_old(name):
                digests = _digests_in_use()  # the walk is long: rows may be newer
                if folders.digest_of(name) not in digests:
                    yield _stray(name, "of no release", fix)


def stray_work(*, fix: bool) -> Iterator[Difference]:
    """Yield pieces of a former round: its release ended, was deleted or restarted."""
    for path in folders.inner(files.WORK):
        for round_ in folders.inner(path):
            # The row of a round is older than its folder.
            if not _is_under_way(*round_.split("/")[-2:]):
                for name in filter(folders.is_old, folders.below(round_)):
                    yield _stray(name, "of a round that is over", fix)


def _digests_in_use() -> set[str]:
    rows = Release.objects.values_list("files", flat=True)
    return {digest for entries in rows for digest in files.digests_of(entries)}


def _is_under_way(release_id: str, round_: str) -> bool:
    rows = Release.objects.filter(state__in=files.UNFINISHED, round=round_)
    return release_id.isdecimal() and rows.filter(pk=int(release_id)).exists()


def _stray(name: str, problem: str, fix: bool) -> Difference:
    if fix:
        default_storage.delete(name)
    return Difference(f"file {name}", problem, folders.ABSENT, fix)
