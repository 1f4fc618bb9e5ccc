"""An adjudicator's pages, and a judge's second looks, without a browser."""

import pytest
from django.urls import reverse

from annotations import adjudication, queue
from annotations.models import Candidate, Comment, Conflict, Report, Ruling
from annotations.tests.desk import batch_of, say_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def disputed(judge, other_judge):
    """An open batch of three candidates that two judges see differently."""
    batch = batch_of(judge, other_judge, candidates=3)
    for who, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(who, queue.lease(judge=who), verdict)
    return batch


def first_of(batch):
    return Conflict.objects.filter(batch=batch).order_by("pk")[0].candidate_id


def address(name, batch, *more):
    return reverse(name, args=[batch.pk, *more])


def test_who_settles_no_conflicts_finds_no_page(client, disputed, judge, stranger):
    candidate = first_of(disputed)
    pages = [
        reverse("all-conflicts"),
        address("conflicts", disputed),
        address("next-conflict", disputed),
        address("conflict", disputed, candidate),
    ]
    for page in pages:
        assert client.get(page).status_code == 302
    for person in (judge, stranger):
        client.force_login(person)
        for page in pages:
            assert client.get(page).status_code == 404
        ruled = client.post(address("rule", disputed, candidate), {"verdict": "yes"})
        assert ruled.status_code == 404
    assert not Ruling.objects.exists()


def test_batches_with_conflicts_are_listed(client, disputed, judge, adjudicator):
    batch = batch_of(judge)
    client.force_login(adjudicator)
    page = client.get(reverse("all-conflicts")).content.decode()
    assert address("conflicts", disputed) in page
    assert address("conflicts", batch) not in page
    Conflict.objects.all().delete()
    assert b"There are no conflicts" in client.get(reverse("all-conflicts")).content


def test_the_list_has_open_ones_and_then_what_was_ruled_on(
    client, disputed, adjudicator
):
    client.force_login(adjudicator)
    candidate = first_of(disputed)
    page = client.get(address("conflicts", disputed)).content.decode()
    assert page.count('class="case"') == 3
    adjudication.rule(batch=disputed, candidate=candidate, verdict="no", by=adjudicator)
    page = client.get(address("conflicts", disputed)).content.decode()
    assert page.count('class="case"') == 2
    ruled = client.get(address("conflicts", disputed) + "?ruled").content.decode()
    assert address("conflict", disputed, candidate) in ruled


def test_a_long_list_goes_on(client, disputed, adjudicator, monkeypatch):
    monkeypatch.setattr("frontend.views.conflicts.SHOWN", 2)
    client.force_login(adjudicator)
    first = client.get(address("conflicts", disputed))
    last = first.context["last"]
    assert len(first.context["rows"]) == 2
    second = client.get(address("conflicts", disputed) + f"?after={last}")
    assert len(second.context["rows"]) == 1
    assert second.context["last"] is None


def test_a_ruling_leads_to_the_next_one_and_can_be_undone(
    client, disputed, adjudicator
):
    client.force_login(adjudicator)
    for verdict in ("yes", "no", "broken"):
        page = client.get(address("next-conflict", disputed), follow=True)
        case = page.context["case"]
        assert b"Judge A" in page.content
        client.post(
            address("rule", disputed, case.candidate.pk),
            {"verdict": verdict, "note": " seen "},
        )
    assert set(Ruling.objects.values_list("verdict", "note")) == {
        ("yes", "seen"),
        ("no", "seen"),
        ("broken", "seen"),
    }
    page = client.get(address("next-conflict", disputed))
    assert b"No conflicts to decide" in page.content
    last = page.context["undoable"]
    undone = client.post(address("reopen-ruling", disputed, last.pk), follow=True)
    assert undone.context["case"].candidate == last.candidate
    assert Conflict.objects.get().candidate == last.candidate


def test_a_ruling_that_came_second_is_refused_with_a_sentence(
    client, disputed, adjudicator, admin
):
    client.force_login(adjudicator)
    candidate = first_of(disputed)
    adjudication.rule(batch=disputed, candidate=candidate, verdict="no", by=admin)
    page = client.post(
        address("rule", disputed, candidate), {"verdict": "yes"}, follow=True
    )
    assert b"already has a ruling" in page.content
    assert b"jo</strong>" in page.content  # names are shown once it is ruled on


def test_it_is_said_when_somebody_else_looks_at_it(
    client, disputed, adjudicator, admin
):
    held = adjudication.lease(by=admin, batch=disputed)
    client.force_login(adjudicator)
    page = client.get(address("conflict", disputed, held.candidate_id))
    assert b"ada is looking at this picture" in page.content
    fragment = client.post(
        address("hold-conflict", disputed, held.candidate_id),
        headers={"HX-Request": "true"},
    )
    assert b"ada is looking" in fragment.content
    assert b"<main" not in fragment.content


def test_later_comment_and_dismissal(client, disputed, adjudicator, judge):
    client.force_login(adjudicator)
    candidate = Candidate.objects.get(pk=first_of(disputed))
    report = queue.report(candidate=candidate, by=judge, reason="minor", comment="?")
    page = client.get(address("conflict", disputed, candidate.pk))
    assert b"shows a minor" in page.content
    client.post(address("comment", disputed, candidate.pk), {"text": "A sister."})
    assert Comment.objects.get().text == "A sister."
    client.post(address("comment", disputed, candidate.pk), {"text": "a\0b"})
    assert Comment.objects.filter(text="ab").exists()
    refused = client.post(
        address("comment", disputed, candidate.pk), {"text": " "}, follow=True
    )
    assert b"Enter a comment" in refused.content
    client.post(address("dismiss-report", disputed, candidate.pk, report.pk))
    assert Report.objects.get().dismissed_by == adjudicator
    client.post(address("put-off", disputed, candidate.pk))
    assert Conflict.objects.get(candidate=candidate).put_off_at


def test_what_was_settled_meanwhile_is_said(client, disputed, adjudicator):
    client.force_login(adjudicator)
    candidate = first_of(disputed)
    Conflict.objects.filter(candidate=candidate).delete()
    page = client.get(address("conflict", disputed, candidate), follow=True)
    assert b"no longer in the conflicts" in page.content


def test_a_second_look_waits_at_home_and_is_answered(
    client, disputed, adjudicator, judge, other_judge
):
    client.force_login(adjudicator)
    candidate = first_of(disputed)
    client.post(
        address("ask-again", disputed, candidate), {"question": "Is it a sister?"}
    )
    client.force_login(other_judge)
    assert b"1 picture to look at again" in client.get("/").content
    page = client.get(reverse("second-looks"), follow=True)
    assert b"Is it a sister?" in page.content
    assert b"Another judge" not in page.content
    [look] = adjudication.open_second_looks(other_judge)
    page = client.post(reverse("see-votes", args=[look.pk]), follow=True)
    assert b"Another judge" in page.content
    assert judge.username.encode() + b"<" not in page.content
    again = client.post(
        reverse("second-look", args=[look.pk]),
        {"verdict": "yes", "argument": "The ears."},
        follow=True,
    )
    assert b"recorded" in again.content
    assert b"No pictures to look at again" in again.content
    late = client.post(
        reverse("second-look", args=[look.pk]), {"verdict": "no"}, follow=True
    )
    assert b"no open second look" in late.content


def test_second_looks_of_others_do_not_exist(
    client, disputed, adjudicator, judge, other_judge, stranger
):
    adjudication.request_second_looks(
        batch=disputed, candidate=first_of(disputed), by=adjudicator
    )
    [look] = adjudication.open_second_looks(judge)
    for person in (other_judge, stranger, adjudicator):
        client.force_login(person)
        assert client.get(reverse("second-look", args=[look.pk])).status_code == 404


def test_queries_do_not_grow_with_the_conflicts(
    client, adjudicator, judge, other_judge, django_assert_max_num_queries
):
    client.force_login(adjudicator)
    batch = batch_of(judge, other_judge, candidates=20, page_size=50)
    for who, verdict in ((judge, "yes"), (other_judge, "no")):
        say_all(who, queue.lease(judge=who), verdict)
    with django_assert_max_num_queries(12):
        client.get(address("conflicts", batch))
    with django_assert_max_num_queries(24):
        client.get(address("conflict", batch, first_of(batch)))
