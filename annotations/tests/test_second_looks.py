"""Second looks: judges who differ answer again, and the answer is not independent."""

import threading
from functools import partial

import pytest
from django.db import connection

from annotations import adjudication, batches, export, judgments, queue
from annotations.errors import Invalid, NotFound, WrongState
from annotations.models import (
    Candidate,
    Conflict,
    Judgment,
    JudgmentRevision,
    SecondLook,
)

from .desk import batch_of, say, say_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def disputed(judge, other_judge):
    """Return a batch in which both judges differ on its only candidate."""
    batch = batch_of(judge, other_judge, candidates=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes", reason="The mole is there.")
    queue.submit(assignment_id=page.pk, judge=judge)
    say_all(other_judge, queue.lease(judge=other_judge), "no")
    return batch


@pytest.fixture
def asked(disputed, admin):
    """Return the batch after both judges were asked for a second look."""
    candidate = Candidate.objects.get().pk
    adjudication.request_second_looks(
        batch=disputed, candidate=candidate, by=admin, question="Is it her sister?"
    )
    return disputed


def test_both_are_asked_and_see_the_other_vote_without_a_name(
    asked, judge, other_judge
):
    [own_look] = adjudication.open_second_looks(judge)
    assert own_look.question == "Is it her sister?"
    [other_look] = adjudication.open_second_looks(other_judge)
    look = adjudication.show_second_look(
        second_look_id=other_look.pk, judge=other_judge
    )
    assert look.verdict == "no"
    [vote] = look.others
    assert (vote.verdict, vote.reason) == ("yes", "The mole is there.")


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_not_independent(asked, judge, other_judge):
    [look] = adjudication.open_second_looks(other_judge)
    adjudication.answer_second_look(
        second_look_id=look.pk,
        judge=other_judge,
        verdict="yes",
        argument="I see it now.",
    )
    judgment = Judgment.objects.get(judge=other_judge)
    assert (judgment.verdict, judgment.blind_verdict) == ("yes", "no")
    assert not Conflict.objects.exists()
    assert not adjudication.open_second_looks(other_judge).exists()
    text = b"".join(export.stream_judgments([asked.pk], names=True)).decode()
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    assert {row[3]: (row[4], row[9]) for row in rows} == {
        "jo": ("yes", "yes"),
        "olga": ("yes", "no"),
    }


def test_the_same_answer_is_a_revision_and_keeps_the_blind_verdict(asked, judge):
    [look] = adjudication.open_second_looks(judge)
    adjudication.answer_second_look(second_look_id=look.pk, judge=judge, verdict="yes")
    judgment = Judgment.objects.get(judge=judge)
    assert (judgment.verdict, judgment.blind_verdict) == ("yes", "yes")
    assert judgment.reason == "The mole is there."


def test_seeing_the_votes_ends_blindness_without_a_revision(asked, judge):
    [look] = adjudication.open_second_looks(judge)
    arguments = {"second_look_id": look.pk, "judge": judge}
    assert adjudication.read_second_look(**arguments).others == []
    assert not SecondLook.objects.exclude(seen_at=None).exists()
    assert len(adjudication.show_second_look(**arguments).others) == 1
    assert len(adjudication.read_second_look(**arguments).others) == 1
    assert not JudgmentRevision.objects.exists()
    page = queue.pages_of(judge).get()
    assert say(judge, page, 0, "no") == "recorded"
    judgment = Judgment.objects.get(judge=judge)
    assert (judgment.verdict, judgment.blind_verdict) == ("no", "yes")


def test_a_judge_who_has_seen_the_votes_cannot_take_the_mark_back(
    judge, other_judge, admin
):
    batch = batch_of(judge, other_judge, candidates=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")  # not submitted: a null would take it back
    say_all(other_judge, queue.lease(judge=other_judge), "no")
    adjudication.request_second_looks(
        batch=batch, candidate=page.candidates[0], by=admin
    )
    [look] = adjudication.open_second_looks(judge)
    adjudication.show_second_look(second_look_id=look.pk, judge=judge)
    assert say(judge, page, 0, None) == "submitted"


def test_the_conflict_waits_until_all_have_answered(asked, judge, other_judge, admin):
    assert Conflict.objects.get().put_off_at is not None
    for person, verdict in ((judge, "yes"), (other_judge, "no")):
        [look] = adjudication.open_second_looks(person)
        adjudication.answer_second_look(
            second_look_id=look.pk, judge=person, verdict=verdict
        )
    assert Conflict.objects.get().put_off_at is None


def test_only_its_judge_sees_a_second_look(asked, judge, stranger, other_judge):
    [look] = adjudication.open_second_looks(judge)
    for user in (stranger, other_judge):
        with pytest.raises(NotFound):
            adjudication.show_second_look(second_look_id=look.pk, judge=user)


def test_a_ruling_ends_the_second_looks(asked, judge, admin):
    [look] = adjudication.open_second_looks(judge)
    candidate = Candidate.objects.get().pk
    adjudication.rule(batch=asked, candidate=candidate, verdict="no", by=admin)
    assert not adjudication.open_second_looks(judge).exists()
    with pytest.raises(NotFound):
        adjudication.answer_second_look(
            second_look_id=look.pk, judge=judge, verdict="no"
        )


def test_second_looks_need_a_disputed_candidate_in_an_open_batch(
    disputed, judge, other_judge, admin
):
    candidate = Candidate.objects.get().pk
    batches.close_batch(batch=disputed, by=admin)
    disputed.refresh_from_db()
    with pytest.raises(WrongState, match="open"):
        adjudication.request_second_looks(batch=disputed, candidate=candidate, by=admin)
    other_batch = batch_of(judge, other_judge, candidates=1)
    alone = other_batch.batchentity_set.get().entity.candidates.get()
    with pytest.raises(WrongState, match="disputed"):
        adjudication.request_second_looks(
            batch=other_batch, candidate=alone.pk, by=admin
        )


def test_asking_twice_asks_once(asked, judge, admin):
    candidate = Candidate.objects.get().pk
    adjudication.request_second_looks(batch=asked, candidate=candidate, by=admin)
    assert adjudication.open_second_looks(judge).count() == 1


def test_an_answer_is_yes_no_or_broken(asked, judge):
    [look] = adjudication.open_second_looks(judge)
    with pytest.raises(Invalid, match="verdict"):
        adjudication.answer_second_look(
            second_look_id=look.pk, judge=judge, verdict="skip"
        )


def test_having_seen_the_votes_is_remembered(asked, judge, other_judge, admin):
    """After voiding and in other batches too. A skip does not remove a dissent."""
    [look] = adjudication.open_second_looks(judge)
    adjudication.show_second_look(second_look_id=look.pk, judge=judge)
    judgments.void(batch=asked, username=judge.username, reason="trial", by=admin)
    page = queue.lease(judge=judge, batch=asked)
    say(judge, page, 0, "yes")
    assert Judgment.objects.get(judge=judge).blind_verdict is None
    candidate = Candidate.objects.get()
    other_batch = batches.create(
        by=admin, name="again", entities=[candidate.entity.key]
    )
    batches.add_judges(batch=other_batch, usernames=[judge.username], by=admin)
    batches.open_batch(batch=other_batch, by=admin)
    say(judge, queue.lease(judge=judge, batch=other_batch), 0, "yes")
    assert Judgment.objects.get(judge=judge, batch=other_batch).blind_verdict is None
    [look] = adjudication.open_second_looks(other_judge)
    adjudication.show_second_look(second_look_id=look.pk, judge=other_judge)
    page = queue.pages_of(other_judge).get()
    for verdict in ("skip", "yes"):
        assert say(other_judge, page, 0, verdict) == "recorded"
    assert Judgment.objects.get(judge=other_judge).blind_verdict == "no"


def test_the_conflict_does_not_wait_for_a_removed_judge(
    asked, judge, other_judge, admin
):
    batches.remove_judge(batch=asked, username=other_judge.username, by=admin)
    [look] = adjudication.open_second_looks(judge)
    adjudication.answer_second_look(second_look_id=look.pk, judge=judge, verdict="yes")
    assert Conflict.objects.get().put_off_at is None


@pytest.mark.django_db(transaction=True)
def test_marks_and_second_looks_wait_for_each_other(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, candidates=6)
    for person, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(person, queue.lease(judge=person), verdict)
    for candidate in Candidate.objects.all():
        adjudication.request_second_looks(batch=batch, candidate=candidate.pk, by=admin)
    page = queue.pages_of(judge).get()
    looks = list(adjudication.open_second_looks(judge).values_list("pk", flat=True))
    assert len(looks) == 6
    failed = []

    def work(act):
        try:
            act()
        except Exception as error:  # the assertion below shows it
            failed.append(error)
        finally:
            connection.close()

    acts = [
        *(
            partial(
                adjudication.answer_second_look,
                second_look_id=n,
                judge=judge,
                verdict="no",
            )
            for n in looks
        ),
        *(partial(say, judge, page, n, "yes") for n in range(6) for _ in range(3)),
    ]
    threads = [threading.Thread(target=work, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
