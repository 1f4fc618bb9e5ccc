"""An admin cuts a batch: chooses entities, looks at the mix, names judges and rules."""

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
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


@pytest.fixture
def people(db):
    """Five entities, the first the most mentioned; the last has no candidates."""
    made = [
        EntityFactory(frequency=100 - n, professions=["poet"] if n % 2 else ["actor"])
        for n in range(5)
    ]
    for entity in made[:4]:
        CandidateFactory(entity=entity)
    return made


def cut(desk, **fields):
    """Send the form; the keys of the batch in the queue's order, or the page."""
    response = desk.post(NEW, {**FORM, **fields})
    if response.status_code == 200:
        assert not Batch.objects.exists()
        return response.text
    batch = Batch.objects.get()
    assert response.url == reverse("batch", args=[batch.pk])
    rows = batch.batchentity_set.order_by("-priority")
    return list(rows.values_list("entity__key", flat=True))


def test_a_batch_is_cut_from_pasted_keys_with_its_judges_and_rules(desk, judge, people):
    keys = f"# mine\n{people[1].key}\tx\n\n  {people[0].key} \n{people[1].key}\n"
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
    assert cut(desk, **fields) == [people[1].key, people[0].key]
    batch = Batch.objects.get()
    assert list(batch.judges.all()) == [judge]
    assert (batch.judges_required, batch.judges_maximum) == (2, 3)
    assert (batch.cap, batch.cap_share, batch.shows_agreement) == (40, 0.29, True)
    assert batch.deadline.isoformat() == "2030-05-01T12:30:00+00:00"
    assert batch.guidelines == "One.\nTwo."
    assert (batch.state, batch.filter) == (BatchState.DRAFT, None)
    text = desk.get(reverse("batch", args=[batch.pk])).text
    assert "Duplicate keys in the list: 1." in text


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_may_be_a_file(desk, people, pack):
    rows = f"\ufeff{people[2].key}\tName\r\n{people[0].key}\tName\r\n"
    file = SimpleUploadedFile("keys.tsv", pack(rows.encode()))
    assert cut(desk, file=file) == [people[2].key, people[0].key]


def test_a_files_wrong_lines_are_named_and_its_text_comes_back(desk, people):
    file = SimpleUploadedFile("keys.txt", f"{people[0].key}\na b\nm.none\n".encode())
    text = cut(desk, file=file)
    assert "Line 2: The key contains a space" in text
    assert "Line 3: there is no entity m.none." in text
    assert f"{people[0].key}\na b\nm.none" in text
    assert 'value="Spring"' in text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\xff\xfe\x00", "This file is not UTF-8 text."),
        (gzip.compress(b"m.1", mtime=0)[:-9], "The gzip file is damaged."),
        (gzip.compress(b"m.1\n" * 999, mtime=0), "The list is larger than 64 MiB."),
    ],
)
def test_a_file_that_is_no_list_is_refused(desk, monkeypatch, data, sentence):
    monkeypatch.setattr(new_batch, "LIST_MAX_BYTES", 1000)
    assert sentence in cut(desk, file=SimpleUploadedFile("keys.gz", data))


def test_all_are_cut_in_the_order_of_their_frequency(desk, people):
    assert cut(desk, how="all", keys="ignored") == [e.key for e in people]
    assert Batch.objects.get().filter == {}


def test_those_that_pass_a_filter_are_cut(desk, people):
    wanted = {"rank_from": 2, "professions": "actor | clown", "has_candidates": "on"}
    assert cut(desk, how="filter", **wanted) == [people[2].key]
    assert Batch.objects.get().filter == {
        "rank_from": 2,
        "professions": ["actor", "clown"],
        "has_candidates": True,
    }


def test_a_sample_is_drawn_with_its_seed_within_a_filter(desk, people):
    fields = {"sample_size": 2, "sample_seed": 7, "has_candidates": "on"}
    drawn = cut(desk, how="sample", **fields)
    assert len(set(drawn) & {e.key for e in people[:4]}) == 2
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
def test_what_is_wrong_is_said_and_the_form_comes_back_filled(
    desk, people, changes, sentence
):
    text = cut(desk, **changes)
    assert sentence in text
    assert 'value="Spring"' in text


def test_keys_and_a_file_at_once_are_too_much(desk, people):
    file = SimpleUploadedFile("keys.txt", b"m.1")
    assert "Paste keys or choose a file, not both." in cut(desk, keys="m.1", file=file)


def test_the_mix_is_shown_below_the_form_and_nothing_is_made(desk, people):
    fields = {"how": "filter", "rank_to": 3}
    fragment = desk.post(PREVIEW, fields, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "<dd>3</dd>" in fragment
    assert 'scope="row">actor</th><td class="number">2' in fragment
    assert "67 %" in fragment
    assert not Batch.objects.exists()


def test_the_mix_names_what_is_wrong_with_a_list(desk, people):
    fields = {"how": "list", "keys": f"{people[0].key}\nm.none\na b\n{people[0].key}"}
    fragment = desk.post(PREVIEW, fields, headers={"HX-Request": "true"}).text
    for sentence in (
        "Line 2: there is no entity m.none.",
        "Line 3: The key contains a space",
        f"Line 4: {people[0].key} is also in line 1.",
    ):
        assert sentence in fragment


def test_a_choice_that_is_none_is_said_in_place_of_the_mix(desk, people):
    fragment = desk.post(PREVIEW, {"how": "sample"}, headers={"HX-Request": "true"})
    assert "Sample size: Enter the number of entities." in fragment.text


def test_without_scripts_the_mix_comes_with_the_whole_form(desk, people, judge):
    fields = {"how": "all", "name": "Spring", "judges": [judge.username]}
    text = desk.post(PREVIEW, fields).text
    assert 'value="Spring"' in text
    assert "<dd>5</dd>" in text
    assert text.count("checked") == 2


def test_judges_are_chosen_among_active_ones(desk, judge, stranger, adjudicator_too):
    text = desk.get(NEW).text
    assert 'value="jo"' in text
    assert 'value="sam"' in text
    assert "gone" not in text
    assert "rut" not in text


@pytest.fixture
def adjudicator_too(db):
    """Two who cannot be chosen."""
    UserFactory(username="gone", is_active=False)
    UserFactory(username="rut", roles=["adjudicator"])


def test_where_judges_are_very_many_the_rest_is_named(desk, people, monkeypatch):
    monkeypatch.setattr(new_batch, "JUDGES_SHOWN", 2)
    for name in ("ann", "ben", "cleo"):
        UserFactory(username=name)
    assert "Further judges" in desk.get(NEW).text
    cut(desk, how="all", judges=["ann"], more_judges="cleo\n")
    names = Batch.objects.get().judges.values_list("username", flat=True)
    assert set(names) == {"ann", "cleo"}


def test_values_that_entities_have_are_proposed(desk, people):
    text = desk.get(NEW).text
    assert '<option value="actor"></option><option value="poet"></option>' in text


def test_more_entities_cost_no_more_queries(
    desk, people, django_assert_max_num_queries
):
    fields = {"how": "sample", "sample_size": 90, "has_candidates": "on"}
    htmx = {"HX-Request": "true"}
    with django_assert_max_num_queries(14) as few:
        desk.post(PREVIEW, fields, headers=htmx)
    CandidateFactory.create_batch(40, entity__frequency=5)
    with django_assert_max_num_queries(len(few)):
        desk.post(PREVIEW, fields, headers=htmx)


@pytest.mark.parametrize("address", [NEW, PREVIEW])
def test_nobody_but_admins_knows_of_these_pages(client, judge, address):
    for person in (judge, UserFactory(roles=["adjudicator"])):
        client.force_login(person)
        assert client.get(address).status_code == 404
        assert client.post(address, FORM).status_code == 404
