"""Whom a release is about: the entities of which people confirmed a picture."""

from annotations.consensus import Basis, Verdict
from annotations.entities.figures import Group, group_of_keys, release_name
from annotations.models import Release

from .columns import BASIS, KEY, VERDICT
from .files import TRUTH, lines_of, open_file


def group_of(release: Release) -> Group:
    """The entities of a release, as its truth.tsv stands; NotFound before it is done.

    For workers: it reads the whole file.
    """
    lines = lines_of(open_file(release, TRUTH))
    rows = (line.decode().split("\t") for line in lines)
    keys = {
        cells[KEY]
        for cells in rows
        if cells[VERDICT] == Verdict.YES and cells[BASIS] != Basis.CLEARED
    }
    return group_of_keys(release_name(release.pk), keys)
