"""Counts and sources of a release after an erasure."""

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
    """Return a release whose hosts and licences are shared by four, three and two entities."""
    batch = judged_batch(dict.fromkeys(KEYS, "yes yes no"))
    shares = {
        0: (KEYS, "https://www.all.example/", "CC0"),
        1: (KEYS[:3], "https://three.example:80/", "BY"),
        2: (KEYS[:2], "http://two.example?", "SA"),
    }
    for rank, (keys, url, licence) in shares.items():
        candidates = Candidate.objects.filter(rank=rank)
        candidates.update(image_url="", licence="")
        candidates.filter(entity__key__in=keys).update(image_url=url, licence=licence)
    return released(batch, dev_entities=1, distractors=1)


def sums(release):
    return {
        name: sum(count for _, count in release.counts[name])
        for name in ("hosts", "licences")
    }


def test_a_recount_gives_the_original_sources(release):
    counts = recount.Recount(frozenset())
    for row in rows_of(release, "truth.tsv"):
        counts.add([[row[name].encode() for name in COLUMNS]])
    changes = counts.of_truth(release.counts, is_read=True)
    for name in ("hosts", "licences"):
        assert changes[name] == release.counts[name]
    assert release.counts["hosts"] == [
        ["all.example", 4],
        ["three.example", 3],
        [None, 5],
    ]


def test_values_of_fewer_than_three_entities_are_not_named(release, admin):
    erasure.erase_entity(key="m.anna", by=admin)
    release.refresh_from_db()
    assert release.counts["hosts"] == [["all.example", 3], [None, 6]]
    assert release.counts["licences"] == [["CC0", 3], [None, 6]]
    assert sums(release) == {"hosts": 9, "licences": 9}
    assert release.counts["candidates"] == 9
    sheet = content(release, "datasheet.md")
    assert b"three.example" not in sheet
    assert b"those of the day this release was made" in sheet
    assert b'"BY"' not in content(release, "croissant.json")
    erasure.erase_entity(key="m.bert", by=admin)
    release.refresh_from_db()
    assert release.counts["hosts"] == [[None, 6]]


def test_unreadable_confirmed_candidates_are_recounted(release, admin):
    unreadable = Candidate.objects.filter(entity__key="m.anna", rank=0)
    unreadable.update(state="unreadable")
    second = released_again(release)
    assert second.counts["confirmed_unreadable"] == 1
    sha256 = Image.objects.get(candidates__in=unreadable).sha256
    erasure.erase_image(sha256=sha256, by=admin)
    second.refresh_from_db()
    assert second.counts["confirmed_unreadable"] == 0


def released_again(release):
    """Return a second release of the same batch."""
    return released(Batch.objects.get(pk=release.batches[0]), name="second")
