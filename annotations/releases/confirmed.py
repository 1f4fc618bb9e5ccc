"""Whom a release is about: the entities that have a confirmed picture in it."""

from annotations.consensus import Verdict
from annotations.entities.figures import Group, group_of_keys, release_name
from annotations.ground_truth import COLUMNS
from annotations.models import Release

from .files import TRUTH, lines_of, open_file

KEY, VERDICT = COLUMNS.index("entity_key"), COLUMNS.index("verdict")


def group_of(release: Release) -> Group:
    """The entities of a release, as its truth.tsv stands; NotFound before it is done.

    For workers: it reads the whole file.
    """
    yes = Verdict.YES.value.encode()
    rows = (line.split(b"\t") for line in lines_of(open_file(release, TRUTH)))
    keys = {cells[KEY].decode() for cells in rows if cells[VERDICT] == yes}
    return group_of_keys(release_name(release.pk), keys)
