"""After an erasure a release counts what it still holds, and names no source too closely."""

import pytest

from annotations import erasure
from annotations.ground_truth import COLUMNS
from annotations.models import Batch, Candidate, Image
from annotations.releases import recount

from .released import content, judged_batch, released, rows_of

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = ("m.anna", "m.bert", "m.cleo", "m.dora")


@pytest.fixture
def release():
    """Four share a host and a licence, three another one; two a third."""
    batch = judged_batch(dict.fromkeys(KEYS, "yes yes no"))
    shared = {
        0: (KEYS, "https://www.all.example/", "CC0"),
        1: (KEYS[:3], "https://three.example:80/", "BY"),
        2: (KEYS[:2], "http://two.example?", "SA"),
    }
    for rank, (keys, url, licence) in shared.items():
        own = Candidate.objects.filter(rank=rank)
        own.update(image_url="", licence="")
        own.filter(entity__key__in=keys).update(image_url=url, licence=licence)
    return released(batch, dev_entities=1, distractors=1)


def sums(release):
    return {
        name: sum(number for _, number in release.counts[name])
        for name in ("hosts", "licences")
    }


def test_sources_are_counted_as_when_it_was_made(release):
    counts = recount.Recount(frozenset())
    for row in rows_of(release, "truth.tsv"):
        counts.take([[row[name].encode() for name in COLUMNS]])
    found = counts.of_truth(release.counts, is_read=True)
    for name in ("hosts", "licences"):
        assert found[name] == release.counts[name]
    assert release.counts["hosts"] == [
        ["all.example", 4],
        ["three.example", 3],
        [None, 5],
    ]


def test_what_three_share_no_longer_is_not_named(release, admin):
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert release.counts["hosts"] == [["all.example", 3], [None, 6]]
    assert release.counts["licences"] == [["CC0", 3], [None, 6]]
    assert sums(release) == {"hosts": 9, "licences": 9}
    assert release.counts["candidates"] == 9
    sheet = content(release, "datasheet.md")
    assert b"three.example" not in sheet
    assert b"is as it was when this release was made" in sheet
    assert b'"BY"' not in content(release, "croissant.json")
    erasure.erase_entity(key="m.bert", by=admin)
    release.refresh_from_db()
    assert release.counts["hosts"] == [[None, 6]]


def test_confirmed_ones_that_cannot_be_read_are_counted_anew(release, admin):
    unread = Candidate.objects.filter(entity__key="m.anna", rank=0)
    unread.update(state="unreadable")
    again = released_again(release)
    assert again.counts["confirmed_unreadable"] == 1
    sha256 = Image.objects.get(candidates__in=unread).sha256
    erasure.erase_image(sha256=sha256, by=admin)
    again.refresh_from_db()
    assert again.counts["confirmed_unreadable"] == 0


def released_again(release):
    """A second release of the same batch."""
    return released(Batch.objects.get(pk=release.batches[0]), name="second")
