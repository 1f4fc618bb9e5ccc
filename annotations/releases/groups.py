"""The entities of a release as a group for the figures of the list."""

from annotations.consensus import Basis, Verdict
from annotations.entities.figures import Group, group_of_keys, release_name
from annotations.models import Release

from .columns import BASIS, KEY, VERDICT
from .files import TRUTH, lines_of, open_file


def group_of(release: Release) -> Group:
    """Return the entities with a picture that people confirmed, from truth.tsv.

    Reads the whole file, so call it in workers only. Raise NotFound until the release
    is done.
    """
    lines = lines_of(open_file(release, TRUTH))
    rows = (line.decode().split("\t") for line in lines)
    keys = {
        cells[KEY]
        for cells in rows
        if cells[VERDICT] == Verdict.YES and cells[BASIS] != Basis.CLEARED
    }
    return group_of_keys(release_name(release.pk), keys)
