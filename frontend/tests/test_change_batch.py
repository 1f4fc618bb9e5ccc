"""An admin changes the rules of a batch while it runs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations import batches, queue
from annotations.models import Batch
from annotations.tests.factories import EntityFactory, UserFactory
from frontend.templatetags.markdown import markdown

from .scenes import opened_batch


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


def address_of(batch):
    return reverse("change-batch", args=[batch.pk])


def shown(desk, batch):
    """What the browser would send of the form as it is shown, hidden fields included."""
    form = desk.get(address_of(batch)).context["form"]
    filled = {}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            filled |= {field.name: "on"} if value else {}
        elif isinstance(value, datetime):
            filled[field.name] = f"{value:%Y-%m-%dT%H:%M}"
        else:
            filled[field.name] = "" if value is None else value
        hidden = re.search(r'value="([^"]*)"', field.as_hidden(only_initial=True))
        filled[f"initial-{field.name}"] = hidden[1] if hidden else ""
    return filled


def change(desk, batch, **fields):
    """Change some fields of the form as it is shown, and read what the page says."""
    sent = {**shown(desk, batch), **fields}
    text = desk.post(address_of(batch), sent, follow=True).text
    batch.refresh_from_db()
    return text


def test_every_rule_is_changed_and_said(desk, judge):
    batch = opened_batch(judge)
    text = change(
        desk,
        batch,
        name="Autumn",
        judges_required=2,
        judges_maximum=3,
        page_size=12,
        priority=4,
        cap=50,
        cap_share="29",
        deadline="2030-05-01T12:30",
        shows_agreement="on",
        guidelines="Be **kind**.",
    )
    for sentence in (
        "Name: First batch → Autumn.",
        "Judges per picture: at least: 1 → 2.",
        "Limit per judge, in pictures: none → 50.",
        "Limit per judge, in % of the batch: none → 29 %.",
        "Deadline (UTC): none → 2030-05-01 12:30 UTC.",
        "Guidelines: version 1 → version 2.",
    ):
        assert sentence in text
    assert "<strong>kind</strong>" in text
    assert (batch.judges_required, batch.judges_maximum, batch.cap) == (2, 3, 50)
    assert (batch.cap_share, batch.priority, batch.shows_agreement) == (0.29, 4, True)
    assert batch.deadline == datetime(2030, 5, 1, 12, 30, tzinfo=UTC)


def test_a_form_sent_as_it_came_changes_nothing(desk, judge, admin):
    batch = opened_batch(judge)
    deadline = datetime(2030, 5, 1, 12, 30, 17, tzinfo=UTC)
    rules = {"cap_share": 1 / 3, "deadline": deadline, "guidelines": "a\nb\n"}
    batches.update(batch=batch, by=admin, **rules)
    assert "Nothing was changed." in change(desk, batch)
    assert (batch.deadline, batch.cap_share) == (deadline, 1 / 3)
    assert batch.guidelines_version == 2


def test_what_somebody_else_changed_meanwhile_stays(desk, judge, admin):
    batch = opened_batch(judge)
    sent = shown(desk, batch)
    batches.update(batch=batch, by=admin, cap=9, guidelines="Theirs.")
    desk.post(address_of(batch), {**sent, "priority": 3})
    batch.refresh_from_db()
    assert (batch.cap, batch.guidelines, batch.priority) == (9, "Theirs.", 3)


def test_limits_are_taken_away_by_emptying_their_fields(desk, judge, admin):
    batch = opened_batch(judge, cap=5, cap_share=0.5, judges_maximum=4)
    change(desk, batch, cap="", cap_share="", judges_maximum="")
    assert (batch.cap, batch.cap_share, batch.maximum) == (None, None, None)


def test_order_and_purpose_are_there_for_a_draft_only(desk, judge, admin):
    draft = batches.create(by=admin, name="Draft", entities=[EntityFactory().key])
    assert "Order: uncertain → random." in change(desk, draft, order="random")
    text = change(desk, opened_batch(judge), order="rank", purpose="cleaning")
    assert "Nothing was changed." in text
    assert "Judges have worked through the queue in this order" in text


def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(desk, judge):
    batch = opened_batch(judge)
    text = change(desk, batch, judges_maximum=1, judges_required=2, cap=7)
    assert "Must be at least the number of judges required." in text
    assert 'value="7"' in text
    assert batch.cap is None


def test_former_guidelines_can_be_read(desk, judge, admin):
    batch = opened_batch(judge, guidelines="The *first*.")
    for number in range(22):
        batches.update(batch=batch, by=admin, guidelines=f"Text {number}")
    text = desk.get(address_of(batch)).text
    assert "Version 22, until" in text
    assert "The <em>first</em>." not in text
    assert "before=3" in text
    older = desk.get(address_of(batch) + "?before=3").text
    assert "The <em>first</em>." in older


def test_how_the_entities_were_chosen_is_said(desk, admin):
    EntityFactory(frequency=5, professions=["poet"])
    wanted = {"professions": ["poet"], "rank_from": 1}
    for choice, sentence in (
        ({"filter": {}}, "All entities at that time."),
        ({"filter": wanted}, "professions: poet"),
        ({"sample": {"size": 3, "seed": 8}}, "A sample of 3, drawn with seed 8."),
    ):
        batch = batches.create(by=admin, name="b", **choice)
        assert sentence in desk.get(address_of(batch)).text


def test_judges_and_admins_see_the_deadline_and_whether_it_is_over(
    desk, client, judge, admin
):
    batch = opened_batch(judge, deadline=timezone.now() + timedelta(days=2))
    assert "overdue" not in desk.get(reverse("batch", args=[batch.pk])).text
    batches.update(batch=batch, by=admin, deadline=timezone.now() - timedelta(days=2))
    for address in (address_of(batch), reverse("batch", args=[batch.pk])):
        assert "overdue; the batch stays open" in desk.get(address).text
    client.force_login(judge)
    assert "overdue; the batch stays open" in client.get("/").text
    assert queue.lease(judge=judge, batch=batch)


def test_a_judges_home_says_what_the_cap_leaves(client, judge):
    opened_batch(judge, count=9, cap=4)
    queue.sum_counters()
    client.force_login(judge)
    assert "Up to 4 left" in client.get("/").text


def test_nobody_but_admins_knows_of_this_page(client, judge):
    batch = opened_batch(judge)
    for person in (judge, UserFactory(roles=["adjudicator"])):
        client.force_login(person)
        assert client.get(address_of(batch)).status_code == 404
        assert client.post(address_of(batch), {"cap": 1}).status_code == 404
    assert Batch.objects.get().cap is None


def test_an_unknown_batch_is_not_found(desk):
    assert desk.get(reverse("change-batch", args=[4711])).status_code == 404


@pytest.mark.parametrize(
    ("text", "there", "missing"),
    [
        ("<script>x</script>", "&lt;script&gt;", "<script>"),
        ("a <b onclick=x>c</b>", "&lt;b", "<b"),
        ("![x](https://e.example/x.png)", "x", "<img"),
        ("[x](javascript:alert(1))", "[x]", "<a"),
        ("[x](data:text/html,x)", "[x]", "<a"),
        ("[x](/sign-out/)", "[x]", "<a"),
        ("<javascript:alert(1)>", "&lt;javascript", "<a"),
        ("[x](HTTPS://e.example)", 'target="_blank"', "javascript"),
        ("<https://e.example>", 'rel="noopener noreferrer nofollow"', "script"),
        ("one\ntwo", "<br", "<div"),
        ("# Top\n### Below", "<h3>Top</h3>\n<h4>Below</h4>", "<h1"),
        ("| a |\n|---|\n| b |", "<td>b</td>", "style"),
    ],
)
def test_markdown_is_safe_and_fits_below_the_pages_headings(text, there, missing):
    html = markdown(text)
    assert there in html
    assert missing not in html
