"""An admin creates a batch: chooses entities, previews it, sets judges and rules."""

import gzip

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotations.models import Batch, BatchState
from annotations.tests.factories import CandidateFactory, EntityFactory, UserFactory
from frontend.forms import new_batch

NEW, PREVIEW = "/batches/new/", "/batches/preview/"
FORM = {
    "name": "Spring",
    "how": "list",
    "judges_required": 2,
    "page_size": 30,
    "priority": 0,
    "order": "uncertain",
    "purpose": "measurement",
}


@pytest.fixture
def entities(db):
    """Return five entities by falling frequency. The last one has no candidates."""
    rows = [
        EntityFactory(frequency=100 - n, professions=["poet"] if n % 2 else ["actor"])
        for n in range(5)
    ]
    for entity in rows[:4]:
        CandidateFactory(entity=entity)
    return rows


def send_form(admin_client, **fields):
    """Send the form. Return the keys of the batch in queue order, or the page."""
    response = admin_client.post(NEW, {**FORM, **fields})
    if response.status_code == 200:
        assert not Batch.objects.exists()
        return response.text
    batch = Batch.objects.get()
    assert response.url == reverse("batch", args=[batch.pk])
    rows = batch.batchentity_set.order_by("-priority")
    return list(rows.values_list("entity__key", flat=True))


def test_a_batch_is_created_from_pasted_keys_with_judges_and_rules(
    admin_client, judge, entities
):
    keys = f"# mine\n{entities[1].key}\tx\n\n  {entities[0].key} \n{entities[1].key}\n"
    fields = {
        "keys": keys,
        "judges": [judge.username],
        "judges_maximum": 3,
        "cap": 40,
        "cap_share": "29",
        "deadline": "2030-05-01T12:30",
        "shows_agreement": "on",
        "guidelines": "One.\r\nTwo.",
        "rank_from": 4,
    }
    assert send_form(admin_client, **fields) == [entities[1].key, entities[0].key]
    batch = Batch.objects.get()
    assert list(batch.judges.all()) == [judge]
    assert (batch.judges_required, batch.judges_maximum) == (2, 3)
    assert (batch.cap, batch.cap_share, batch.shows_agreement) == (40, 0.29, True)
    assert batch.deadline.isoformat() == "2030-05-01T12:30:00+00:00"
    assert batch.guidelines == "One.\nTwo."
    assert (batch.state, batch.filter) == (BatchState.DRAFT, None)
    text = admin_client.get(reverse("batch", args=[batch.pk])).text
    assert "Duplicate keys in the list: 1." in text


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_can_be_a_file(admin_client, entities, pack):
    rows = f"\ufeff{entities[2].key}\tName\r\n{entities[0].key}\tName\r\n"
    file = SimpleUploadedFile("keys.tsv", pack(rows.encode()))
    assert send_form(admin_client, file=file) == [entities[2].key, entities[0].key]


def test_wrong_lines_of_a_file_are_named_and_its_text_is_shown_again(
    admin_client, entities
):
    file = SimpleUploadedFile("keys.txt", f"{entities[0].key}\na b\nm.none\n".encode())
    text = send_form(admin_client, file=file)
    assert "Line 2: The key contains a space" in text
    assert "Line 3: there is no entity m.none." in text
    assert f"{entities[0].key}\na b\nm.none" in text
    assert 'value="Spring"' in text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xff\xfe\x00", "This file is not UTF-8 text."),
        (gzip.compress(b"m.1", mtime=0)[:-9], "The gzip file is damaged."),
        (gzip.compress(b"m.1\n" * 999, mtime=0), "The list is larger than 64 MiB."),
    ],
)
def test_a_file_without_a_list_is_refused(admin_client, monkeypatch, data, sentence):
    monkeypatch.setattr(new_batch, "LIST_MAX_BYTES", 1000)
    assert sentence in send_form(admin_client, file=SimpleUploadedFile("keys.gz", data))


def test_a_batch_of_all_entities_is_ordered_by_frequency(admin_client, entities):
    assert send_form(admin_client, how="all", keys="ignored") == [
        e.key for e in entities
    ]
    assert Batch.objects.get().filter == {}


def test_a_filter_chooses_the_entities(admin_client, entities):
    criteria = {"rank_from": 2, "professions": "actor | clown", "has_candidates": "on"}
    assert send_form(admin_client, how="filter", **criteria) == [entities[2].key]
    assert Batch.objects.get().filter == {
        "rank_from": 2,
        "professions": ["actor", "clown"],
        "has_candidates": True,
    }


def test_a_sample_uses_its_seed_and_a_filter(admin_client, entities):
    fields = {"sample_size": 2, "sample_seed": 7, "has_candidates": "on"}
    keys = send_form(admin_client, how="sample", **fields)
    assert len(set(keys) & {e.key for e in entities[:4]}) == 2
    batch = Batch.objects.get()
    assert (batch.sample["seed"], batch.filter) == (7, {"has_candidates": True})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Paste keys, or choose a file."),
        ({"how": "sample"}, "Enter the number of entities."),
        ({"how": "sample", "sample_size": 3, "genders": "x"}, "No entity has a freq"),
        ({"how": "filter", "genders": "x"}, "No entity passes this filter."),
        ({"how": "filter", "rank_from": 3, "rank_to": 2}, "Must be 3 or more."),
        ({"how": "guess"}, "Select a valid choice."),
        ({"keys": "m.none"}, "Line 1: there is no entity m.none."),
        (
            {"how": "all", "judges": "nobody"},
            "There is no user named &quot;nobody&quot;.",
        ),
        (
            {"how": "all", "judges_maximum": 1},
            "Must be at least the number of judges required.",
        ),
        ({"how": "all", "judges_required": 8}, "less than or equal to 7"),
        ({"how": "all", "cap": 0}, "greater than or equal to 1"),
        ({"how": "all", "cap_share": 101}, "less than or equal to 100"),
        ({"how": "all", "deadline": "soon"}, "Enter a valid date/time."),
    ],
)
def test_errors_are_shown_and_the_form_keeps_its_values(
    admin_client, entities, changes, sentence
):
    text = send_form(admin_client, **changes)
    assert sentence in text
    assert 'value="Spring"' in text


def test_keys_together_with_a_file_are_refused(admin_client, entities):
    file = SimpleUploadedFile("keys.txt", b"m.1")
    assert "Paste keys or choose a file, not both." in send_form(
        admin_client, keys="m.1", file=file
    )


def test_the_preview_is_shown_below_the_form_and_creates_nothing(
    admin_client, entities
):
    fields = {"how": "filter", "rank_to": 3}
    fragment = admin_client.post(PREVIEW, fields, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "<dd>3</dd>" in fragment
    assert 'scope="row">actor</th><td class="number">2' in fragment
    assert "67 %" in fragment
    assert not Batch.objects.exists()


def test_the_preview_names_the_errors_of_a_list(admin_client, entities):
    fields = {
        "how": "list",
        "keys": f"{entities[0].key}\nm.none\na b\n{entities[0].key}",
    }
    fragment = admin_client.post(PREVIEW, fields, headers={"HX-Request": "true"}).text
    for sentence in (
        "Line 2: there is no entity m.none.",
        "Line 3: The key contains a space",
        f"Line 4: {entities[0].key} is also in line 1.",
    ):
        assert sentence in fragment


def test_an_incomplete_choice_shows_an_error_instead_of_the_preview(
    admin_client, entities
):
    fragment = admin_client.post(
        PREVIEW, {"how": "sample"}, headers={"HX-Request": "true"}
    )
    assert "Sample size: Enter the number of entities." in fragment.text


def test_without_scripts_the_preview_includes_the_whole_form(
    admin_client, entities, judge
):
    fields = {"how": "all", "name": "Spring", "judges": [judge.username]}
    text = admin_client.post(PREVIEW, fields).text
    assert 'value="Spring"' in text
    assert "<dd>5</dd>" in text
    assert text.count("checked") == 2


def test_only_active_judges_are_offered(
    admin_client, judge, stranger, ineligible_users
):
    text = admin_client.get(NEW).text
    assert 'value="jo"' in text
    assert 'value="sam"' in text
    assert "gone" not in text
    assert "rut" not in text


@pytest.fixture
def ineligible_users(db):
    """Create two users who cannot be chosen as judges."""
    UserFactory(username="gone", is_active=False)
    UserFactory(username="rut", roles=["adjudicator"])


def test_with_many_judges_the_form_accepts_further_names(
    admin_client, entities, monkeypatch
):
    monkeypatch.setattr(new_batch, "JUDGES_SHOWN", 2)
    for name in ("ann", "ben", "cleo"):
        UserFactory(username=name)
    assert "Further judges" in admin_client.get(NEW).text
    send_form(admin_client, how="all", judges=["ann"], more_judges="cleo\n")
    names = Batch.objects.get().judges.values_list("username", flat=True)
    assert set(names) == {"ann", "cleo"}


def test_existing_values_are_suggested(admin_client, entities):
    text = admin_client.get(NEW).text
    assert '<option value="actor"></option><option value="poet"></option>' in text


def test_queries_do_not_grow_with_entities(
    admin_client, entities, django_assert_max_num_queries
):
    fields = {"how": "sample", "sample_size": 90, "has_candidates": "on"}
    htmx = {"HX-Request": "true"}
    with django_assert_max_num_queries(14) as queries:
        admin_client.post(PREVIEW, fields, headers=htmx)
    CandidateFactory.create_batch(40, entity__frequency=5)
    with django_assert_max_num_queries(len(queries)):
        admin_client.post(PREVIEW, fields, headers=htmx)


@pytest.mark.parametrize("address", [NEW, PREVIEW])
def test_only_admins_can_open_these_pages(client, judge, address):
    for person in (judge, UserFactory(roles=["adjudicator"])):
        client.force_login(person)
        assert client.get(address).status_code == 404
        assert client.post(address, FORM).status_code == 404
