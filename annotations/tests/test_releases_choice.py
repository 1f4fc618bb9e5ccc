"""Contents of measurement sets: pictures judged by people, and settled distractors."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from annotations import batches, judgments, queue, releases
from annotations.errors import Invalid
from annotations.models import Candidate, Clearance, Release, Role
from annotations.releases import distractors, requests

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
    """Return batches of two entities: people judged the first, a model the second."""
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


def test_cleared_candidates_are_in_no_measurement_file(cleaned, admin):
    contents = releases.preview(cleaned)
    assert (contents.yes, contents.no) == (3, 3)
    assert (contents.confirmed, contents.refused) == (1, 1)
    options = {"batches": cleaned, "name": "n", "by": admin}
    with pytest.raises(Invalid, match="Only 1 entity"):
        releases.request(dev_entities=2, distractors=0, **options)
    release = releases.request(dev_entities=0, distractors=1, **options)
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done", release.problem
    candidates = Candidate.objects.filter(entity__key="m.b")
    urls = set(candidates.values_list("image_url", flat=True))
    assert not urls & urls_of(release)
    assert len(content(release, TEST).splitlines()) == 2
    assert content(release, "truth.tsv").count(b"\tcleared\t") == 3
    assert b"3 candidates that only a model judged" in content(release, "datasheet.md")
    assert releases.group_of(release).parameters == {"keys": ["m.a"]}


def test_a_picture_refused_by_a_majority_is_no_distractor():
    batch = judged_batch({"m.a": "yes no no"})
    third = UserFactory()
    batches.update(
        batch=batch, by=batch.created_by, judges_required=3, judges_maximum=3
    )
    batches.add_judges(batch=batch, usernames=[third.username], by=batch.created_by)
    page = queue.lease(judge=third, batch=batch)
    disputed = Candidate.objects.order_by("pk").last()
    verdicts = {c.pk: "no" if c.rank else "yes" for c in Candidate.objects.all()}
    verdicts[disputed.pk] = "yes"
    marks = [mark_of(page, n, verdicts[c]) for n, c in enumerate(page.candidates)]
    judgments.record(judge=third, marks=marks)
    queue.submit(assignment_id=page.pk, judge=third)
    contents = releases.preview([batch.pk])
    assert (contents.no, contents.refused) == (2, 1)
    release = released(batch, dev_entities=0)
    assert "majority" in content(release, "truth.tsv").decode()
    assert disputed.image_url not in urls_of(release)
    assert b"a majority only refused are not used" in content(release, "datasheet.md")


@pytest.fixture
def doubled(admin):
    """Return batches where most refused pictures confirm another entity."""
    batch = judged_batch({"m.a": "yes no no no no no no no"})
    entity = EntityFactory(key="m.b")
    for candidate in Candidate.objects.order_by("pk")[1:7]:
        CandidateFactory(entity=entity, image=candidate.image)
    second = batches.create(
        by=admin, name="second", entities=["m.b"], judges_required=1
    )
    judge = batch.judges.first()
    batches.add_judges(batch=second, usernames=[judge.username], by=admin)
    batches.open_batch(batch=second, by=admin)
    say_all(judge, queue.lease(judge=judge, batch=second))
    return [batch.pk, second.pk]


def test_pictures_confirmed_elsewhere_do_not_count_as_distractors(doubled, admin):
    assert releases.preview(doubled).refused == 1
    options = {"batches": doubled, "dev_entities": 0, "by": admin}
    with pytest.raises(Invalid, match="Only 1 picture can be used"):
        releases.request(name="n", distractors=2, **options)


@pytest.mark.parametrize("seed", range(4))
def test_the_draw_is_repeated_if_it_hits_confirmed_pictures(
    seed, doubled, admin, monkeypatch
):
    monkeypatch.setattr(distractors, "SPARE_LOTS", 1)
    release = releases.request(
        name="n", batches=doubled, dev_entities=0, distractors=1, seed=seed, by=admin
    )
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done", release.problem
    usable = Candidate.objects.filter(entity__key="m.a").order_by("pk").last()
    assert usable.image_url in urls_of(release)


def test_an_unreadable_picture_is_no_distractor(admin):
    batch = judged_batch({"m.a": "yes no no"})
    last = Candidate.objects.order_by("pk").last()
    Candidate.objects.filter(pk=last.pk).update(state="unreadable")
    assert releases.preview([batch.pk]).refused == 1
    release = released(batch, dev_entities=0)
    assert last.image_url not in urls_of(release)


def test_simultaneous_requests_for_one_name_make_one_release(monkeypatch):
    batch = judged_batch({"m.a": "yes"})
    admin, barrier, results = UserFactory(roles=[Role.ADMIN]), Barrier(2), []
    count_in_time = requests._count_in_time

    def together(batches):
        barrier.wait(timeout=20)  # both threads have checked the name
        return count_in_time(batches)

    def request():
        try:
            options = {"dev_entities": 0, "distractors": 0, "by": admin}
            release = releases.request(name="n", batches=[batch.pk], **options)
            results.append(release.pk)
        except Invalid as invalid:
            results.append(invalid.errors)
        finally:
            connection.close()

    monkeypatch.setattr(requests, "_count_in_time", together)
    threads = [Thread(target=request) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"name": ["There is already a release named “n”."]} in results
    assert Release.objects.get().pk in results


def test_a_slow_preview_is_refused_and_the_release_fails_later(monkeypatch, admin):
    batch = judged_batch({"m.a": "yes"})
    queue.sum_counters()
    monkeypatch.setattr(requests, "CHECKED_CANDIDATES", 0)
    with pytest.raises(Invalid, match="too large to count while you wait"):
        releases.preview([batch.pk])
    monkeypatch.undo()
    monkeypatch.setattr(requests, "CHECKED_SECONDS", 1)
    slow = "SELECT count(*) FROM ({truth}) t, pg_sleep(3)"
    monkeypatch.setattr(requests, "COUNT", slow)
    with pytest.raises(Invalid, match="too large to count while you wait"):
        releases.preview([batch.pk])
    options = {"batches": [batch.pk], "dev_entities": 9, "distractors": 0, "by": admin}
    release = releases.request(name="n", **options)
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert "Only 1 entity" in release.problem
