"""An admin changes the rules of a batch while judges work on it."""

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


def address_of(batch):
    return reverse("change-batch", args=[batch.pk])


def form_data(admin_client, batch):
    """Return the data, with hidden fields, that a browser sends for the unchanged form."""
    form = admin_client.get(address_of(batch)).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            data |= {field.name: "on"} if value else {}
        elif isinstance(value, datetime):
            data[field.name] = f"{value:%Y-%m-%dT%H:%M}"
        else:
            data[field.name] = "" if value is None else value
        hidden = re.search(r'value="([^"]*)"', field.as_hidden(only_initial=True))
        data[f"initial-{field.name}"] = hidden[1] if hidden else ""
    return data


def change(admin_client, batch, **fields):
    """Change some fields of the form. Return the text of the next page."""
    data = {**form_data(admin_client, batch), **fields}
    text = admin_client.post(address_of(batch), data, follow=True).text
    batch.refresh_from_db()
    return text


def test_every_changed_rule_is_saved_and_listed(admin_client, judge):
    batch = opened_batch(judge)
    text = change(
        admin_client,
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


def test_an_unchanged_form_changes_nothing(admin_client, judge, admin):
    batch = opened_batch(judge)
    deadline = datetime(2030, 5, 1, 12, 30, 17, tzinfo=UTC)
    rules = {"cap_share": 1 / 3, "deadline": deadline, "guidelines": "a\nb\n"}
    batches.update(batch=batch, by=admin, **rules)
    assert "Nothing was changed." in change(admin_client, batch)
    assert (batch.deadline, batch.cap_share) == (deadline, 1 / 3)
    assert batch.guidelines_version == 2


def test_changes_of_another_admin_are_kept(admin_client, judge, admin):
    batch = opened_batch(judge)
    data = form_data(admin_client, batch)
    batches.update(batch=batch, by=admin, cap=9, guidelines="Theirs.")
    admin_client.post(address_of(batch), {**data, "priority": 3})
    batch.refresh_from_db()
    assert (batch.cap, batch.guidelines, batch.priority) == (9, "Theirs.", 3)


def test_empty_fields_remove_limits(admin_client, judge, admin):
    batch = opened_batch(judge, cap=5, cap_share=0.5, judges_maximum=4)
    change(admin_client, batch, cap="", cap_share="", judges_maximum="")
    assert (batch.cap, batch.cap_share, batch.maximum) == (None, None, None)


def test_order_and_purpose_can_change_only_in_a_draft(admin_client, judge, admin):
    draft = batches.create(by=admin, name="Draft", entities=[EntityFactory().key])
    assert "Order: uncertain → random." in change(admin_client, draft, order="random")
    text = change(admin_client, opened_batch(judge), order="rank", purpose="cleaning")
    assert "Nothing was changed." in text
    assert "Judges have worked through the queue in this order" in text


def test_an_error_is_shown_at_its_field_and_nothing_changes(admin_client, judge):
    batch = opened_batch(judge)
    text = change(admin_client, batch, judges_maximum=1, judges_required=2, cap=7)
    assert "Must be at least the number of judges required." in text
    assert 'value="7"' in text
    assert batch.cap is None


def test_earlier_guidelines_can_be_read(admin_client, judge, admin):
    batch = opened_batch(judge, guidelines="The *first*.")
    for number in range(22):
        batches.update(batch=batch, by=admin, guidelines=f"Text {number}")
    text = admin_client.get(address_of(batch)).text
    assert "Version 22, until" in text
    assert "The <em>first</em>." not in text
    assert "before=3" in text
    older_text = admin_client.get(address_of(batch) + "?before=3").text
    assert "The <em>first</em>." in older_text


def test_the_page_shows_how_the_entities_were_chosen(admin_client, admin):
    EntityFactory(frequency=5, professions=["poet"])
    criteria = {"professions": ["poet"], "rank_from": 1}
    for choice, sentence in (
        ({"filter": {}}, "All entities at that time."),
        ({"filter": criteria}, "professions: poet"),
        ({"sample": {"size": 3, "seed": 8}}, "A sample of 3, drawn with seed 8."),
    ):
        batch = batches.create(by=admin, name="b", **choice)
        assert sentence in admin_client.get(address_of(batch)).text


def test_judges_and_admins_see_whether_the_deadline_has_passed(
    admin_client, client, judge, admin
):
    batch = opened_batch(judge, deadline=timezone.now() + timedelta(days=2))
    assert "overdue" not in admin_client.get(reverse("batch", args=[batch.pk])).text
    batches.update(batch=batch, by=admin, deadline=timezone.now() - timedelta(days=2))
    for address in (address_of(batch), reverse("batch", args=[batch.pk])):
        assert "overdue; the batch stays open" in admin_client.get(address).text
    client.force_login(judge)
    assert "overdue; the batch stays open" in client.get("/").text
    assert queue.lease(judge=judge, batch=batch)


def test_the_home_page_of_a_judge_shows_how_many_pictures_the_cap_allows(client, judge):
    opened_batch(judge, count=9, cap=4)
    queue.sum_counters()
    client.force_login(judge)
    assert "Up to 4 left" in client.get("/").text


def test_only_admins_can_open_this_page(client, judge):
    batch = opened_batch(judge)
    for person in (judge, UserFactory(roles=["adjudicator"])):
        client.force_login(person)
        assert client.get(address_of(batch)).status_code == 404
        assert client.post(address_of(batch), {"cap": 1}).status_code == 404
    assert Batch.objects.get().cap is None


def test_an_unknown_batch_is_not_found(admin_client):
    assert admin_client.get(reverse("change-batch", args=[4711])).status_code == 404


@pytest.mark.parametrize(
    ("text", "expected", "forbidden"),
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
def test_markdown_is_safe_and_its_headings_fit_below_those_of_the_page(
    text, expected, forbidden
):
    html = markdown(text)
    assert expected in html
    assert forbidden not in html
