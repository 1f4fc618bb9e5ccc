"""What enters a measurement set: people's word only, and distractors that are settled."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from annotations import batches, judgments, queue, releases
from annotations.errors import Invalid
from annotations.models import Candidate, Clearance, Release, Role
from annotations.releases import requests, distractors

from .desk import mark_of, say_all
from .factories import CandidateFactory, EntityFactory, UserFactory
from .pictures import stored
from .released import content, judged_batch, released

pytestmark = pytest.mark.django_db(transaction=True)

TEST = "measurement-random-test-cropped.tsv"


def urls_of(release):
    return {
        line.split(b"\t")[2].decode() for line in content(release, TEST).splitlines()
    }


@pytest.fixture
def cleaned(admin):
    """Of two entities people judged the first, a model the second."""
    first = judged_batch({"m.a": "no yes yes"})
    entity = EntityFactory(key="m.b")
    for n in range(3):
        CandidateFactory(entity=entity, image=stored(seed=400 + n))
    second = batches.create(
        by=admin, name="second", entities=["m.b"], purpose="cleaning"
    )
    batches.open_batch(batch=second, by=admin)
    for n, candidate in enumerate(entity.candidates.order_by("pk")):
        Clearance.objects.create(
            batch=second,
            candidate=candidate,
            entity=entity,
            verdict="no" if n else "yes",
            probability=0.5,
            lot=n,
            is_audit=False,
        )
    return [first.pk, second.pk]


def test_what_only_a_model_judged_is_in_no_measurement_file(cleaned, admin):
    found = releases.preview(cleaned)
    assert (found.yes, found.no) == (3, 3)
    assert (found.confirmed, found.refused) == (1, 1)
    asked = {"batches": cleaned, "name": "n", "by": admin}
    with pytest.raises(Invalid, match="Only 1 entities"):
        releases.request(dev_entities=2, distractors=0, **asked)
    release = releases.request(dev_entities=0, distractors=1, **asked)
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done", release.problem
    cleared = Candidate.objects.filter(entity__key="m.b")
    urls = set(cleared.values_list("image_url", flat=True))
    assert not urls & urls_of(release)
    assert len(content(release, TEST).splitlines()) == 2
    assert content(release, "truth.tsv").count(b"\tcleared\t") == 3
    assert b"3 candidates that only a model judged" in content(release, "datasheet.md")
    assert releases.group_of(release).values == {"keys": ["m.a"]}


def test_what_a_majority_refused_is_no_distractor():
    batch = judged_batch({"m.a": "yes no no"})
    third = UserFactory()
    batches.update(
        batch=batch, by=batch.created_by, judges_required=3, judges_maximum=3
    )
    batches.add_judges(batch=batch, usernames=[third.username], by=batch.created_by)
    page = queue.lease(judge=third, batch=batch)
    disputed = Candidate.objects.order_by("pk").last()
    said = {c.pk: "no" if c.rank else "yes" for c in Candidate.objects.all()}
    said[disputed.pk] = "yes"
    marks = [mark_of(page, n, said[c]) for n, c in enumerate(page.candidates)]
    judgments.record(judge=third, marks=marks)
    queue.submit(assignment_id=page.pk, judge=third)
    found = releases.preview([batch.pk])
    assert (found.no, found.refused) == (2, 1)
    release = released(batch, dev_entities=0)
    assert "majority" in content(release, "truth.tsv").decode()
    assert disputed.image_url not in urls_of(release)
    assert b"majority only are not used" in content(release, "datasheet.md")


@pytest.fixture
def doubled(admin):
    """A batch where most of what is refused is somebody else's confirmed image."""
    batch = judged_batch({"m.a": "yes no no no no no no no"})
    refused = Candidate.objects.order_by("pk")[1:7]
    entity = EntityFactory(key="m.b")
    for each in refused:
        CandidateFactory(entity=entity, image=each.image)
    second = batches.create(
        by=admin, name="second", entities=["m.b"], judges_required=1
    )
    judge = batch.judges.first()
    batches.add_judges(batch=second, usernames=[judge.username], by=admin)
    batches.open_batch(batch=second, by=admin)
    say_all(judge, queue.lease(judge=judge, batch=second))
    return [batch.pk, second.pk]


def test_what_is_confirmed_elsewhere_is_counted_and_drawn_by_nobody(doubled, admin):
    assert releases.preview(doubled).refused == 1
    asked = {"batches": doubled, "dev_entities": 0, "by": admin}
    with pytest.raises(Invalid, match="only 1 pictures settled as no"):
        releases.request(name="n", distractors=2, **asked)


@pytest.mark.parametrize("seed", range(4))
def test_more_are_drawn_where_what_was_drawn_is_confirmed_elsewhere(
    seed, doubled, admin, monkeypatch
):
    monkeypatch.setattr(distractors, "SPARE_LOTS", 1)
    release = releases.request(
        name="n", batches=doubled, dev_entities=0, distractors=1, seed=seed, by=admin
    )
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done", release.problem
    alone = Candidate.objects.filter(entity__key="m.a").order_by("pk").last()
    assert alone.image_url in urls_of(release)


def test_an_unreadable_picture_is_no_distractor(admin):
    batch = judged_batch({"m.a": "yes no no"})
    last = Candidate.objects.order_by("pk").last()
    Candidate.objects.filter(pk=last.pk).update(state="unreadable")
    assert releases.preview([batch.pk]).refused == 1
    release = released(batch, dev_entities=0)
    assert last.image_url not in urls_of(release)


def test_two_who_ask_at_once_for_one_name_get_one_release(monkeypatch):
    batch = judged_batch({"m.a": "yes"})
    admin, both, said = UserFactory(roles=[Role.ADMIN]), Barrier(2), []
    counted = requests._counted

    def together(batches):
        both.wait(timeout=20)  # both have looked whether the name is free
        return counted(batches)

    def ask():
        try:
            asked = {"dev_entities": 0, "distractors": 0, "by": admin}
            said.append(releases.request(name="n", batches=[batch.pk], **asked).pk)
        except Invalid as refused:
            said.append(refused.errors)
        finally:
            connection.close()

    monkeypatch.setattr(requests, "_counted", together)
    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"name": ["There is a release n already."]} in said
    assert Release.objects.get().pk in said


def test_a_preview_that_takes_too_long_says_so(monkeypatch, admin):
    batch = judged_batch({"m.a": "yes"})
    queue.count()
    monkeypatch.setattr(requests, "CHECKED_CANDIDATES", 0)
    with pytest.raises(Invalid, match="too much to be counted while you wait"):
        releases.preview([batch.pk])
    monkeypatch.undo()
    monkeypatch.setattr(requests, "CHECKED_SECONDS", 1)
    slow = "SELECT count(*), 1, 1, 1, 1, 1, 1, 1 FROM ({truth}) t, pg_sleep(3)"
    monkeypatch.setattr(requests, "COUNT", slow)
    with pytest.raises(Invalid, match="too much to be counted while you wait"):
        releases.preview([batch.pk])
    asked = {"batches": [batch.pk], "dev_entities": 9, "distractors": 0, "by": admin}
    release = releases.request(name="n", **asked)
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert "Only 1 entities" in release.problem
