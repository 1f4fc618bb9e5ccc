"""An admin's pages of evaluations: send results in, compare them, see the mistakes."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotations import erasure, evaluation
from annotations.models import Evaluation
from annotations.tests.factories import EvaluationFactory, ReleaseFactory
from annotations.tests.released import content, judged_batch, released
from frontend.views import evaluations as view
from frontend.views.curves import curves_of

pytestmark = pytest.mark.django_db(transaction=True)
TRUTH = {"m.a": "yes no", "m.b": "yes no", "m.c": "yes yes"}


@pytest.fixture
def desk(client, admin):
    """A client of the admin."""
    client.force_login(admin)
    return client


@pytest.fixture
def release():
    return released(judged_batch(TRUTH), dev_entities=3, distractors=1)


def keys_of(release):
    data = content(release, "measurement-random-dev-aligned.tsv").decode()
    return [line.split("\t")[0] for line in data.splitlines()]


def send(desk, release, text, **fields):
    file = SimpleUploadedFile("mine.tsv", text.encode())
    sent = {"file": file, "part": "random-dev"} | fields
    return desk.post(reverse("evaluations", args=[release.pk]), sent, follow=True)


def wrong_twice(release):
    """Results of which the first is right and the others are taken for the first."""
    keys = keys_of(release)
    return "".join(f"{n}\t{keys[0]}\t{1 - n / 10}\n" for n in range(1, 4))


def test_an_empty_page_says_what_to_do(desk, release):
    text = desk.get(reverse("evaluations", args=[release.pk])).text
    assert "There are no evaluations on this release yet." in text
    assert "random, dev" in text
    assert "hard, dev" not in text
    assert "data-plot" not in text
    page = desk.get(reverse("release", args=[release.pk])).text
    assert reverse("evaluations", args=[release.pk]) in page


def test_a_release_under_way_takes_no_results(desk):
    text = desk.get(reverse("evaluations", args=[ReleaseFactory(state="running").pk]))
    assert "You can evaluate results when the release is done." in text.text


def test_results_are_shown_beside_the_baseline_with_their_mistakes(desk, release):
    page = send(desk, release, wrong_twice(release), name="first try")
    made = Evaluation.objects.get()
    assert page.redirect_chain[-1][0] == reverse("evaluation", args=[made.pk])
    assert "paper: 0.728" in page.text
    assert "paper: 0.606" in page.text
    assert page.text.count("data:image/jpeg;base64,") == 2
    keys = keys_of(release)
    errors = page.context["errors"]
    assert [each.mistake.key for each in errors] == keys[1:]
    assert errors[0].shown.name == f"Name of {keys[1]}"
    assert {each.estimated for each in errors} == {f"Name of {keys[0]}"}
    assert "Counts against" not in page.text
    listed = desk.get(reverse("evaluations", args=[release.pk])).text
    assert "first try" in listed
    assert 'data-plot="curves-random-dev"' in listed


def test_what_is_wrong_in_the_file_is_told_by_line(desk, release):
    page = send(desk, release, "1\tm.a\t<b>\n2\tm.b\t1\n2\tm.b\t1\n")
    assert "Line 1: The confidence “&lt;b&gt;” is not a number." in page.text
    assert "Line 3: Line 2 of the set appears twice." in page.text
    assert "The file is empty." in send(desk, release, "").text
    assert "Select a valid choice" in send(desk, release, "x", part="hard-dev").text
    assert not Evaluation.objects.exists()


def test_a_huge_file_is_refused_with_the_command_to_use(desk, release, monkeypatch):
    monkeypatch.setattr(evaluation, "RESULTS_MAX_BYTES", -64 * 1024)
    page = send(desk, release, "x")
    assert page.status_code == 413
    assert "manage.py evaluate" in page.text


def test_mistakes_come_page_by_page(desk, release, monkeypatch):
    monkeypatch.setattr(view, "MISTAKES_SHOWN", 1)
    first = send(desk, release, wrong_twice(release))
    assert first.context["following"] == 0
    address = reverse("evaluation", args=[Evaluation.objects.get().pk])
    second = desk.get(address, {"after": 0})
    assert [each.mistake.place for each in second.context["errors"]] == [1]
    assert second.context["following"] is None
    assert "There are no more mistakes." in desk.get(address, {"after": 1}).text


def test_no_mistake_is_told_where_there_is_none(desk, release):
    keys = keys_of(release)
    text = "".join(f"{n}\t{key}\t1\n" for n, key in enumerate(keys, 1))
    page = send(desk, release, text)
    assert "Every answer is correct." in page.text
    assert "mine.tsv" in page.text


def test_the_test_split_tells_no_mistake(desk):
    made = EvaluationFactory(split="test")
    text = desk.get(reverse("evaluation", args=[made.pk])).text
    assert "The people on its pictures are not shown here." in text


def test_results_that_the_store_lacks_leave_figures(desk):
    text = desk.get(reverse("evaluation", args=[EvaluationFactory().pk])).text
    assert "The file of these results is missing" in text
    assert "0.500" in text


def test_somebody_erased_is_in_no_mistake_any_more(desk, release, admin):
    send(desk, release, wrong_twice(release))
    keys = keys_of(release)
    erasure.erase_entity(key=keys[1], by=admin)
    made = Evaluation.objects.get()
    page = desk.get(reverse("evaluation", args=[made.pk]))
    assert [each.mistake.key for each in page.context["errors"]] == [keys[2]]
    assert f"Name of {keys[1]}" not in page.text
    erasure.erase_entity(key=keys[0], by=admin)
    text = desk.get(reverse("evaluation", args=[made.pk])).text
    assert keys[0] not in text


def test_an_evaluation_is_deleted(desk, release):
    send(desk, release, wrong_twice(release))
    made = Evaluation.objects.get()
    page = desk.post(reverse("delete-evaluation", args=[made.pk]), follow=True)
    assert "is deleted." in page.text
    assert not Evaluation.objects.exists()


def test_older_evaluations_are_on_further_pages(desk, monkeypatch):
    monkeypatch.setattr(view, "SHOWN", 2)
    release = ReleaseFactory(state="failed")
    made = [EvaluationFactory(release=release) for _ in range(3)]
    address = reverse("evaluations", args=[release.pk])
    first = desk.get(address)
    assert [each.pk for each, _ in first.context["evaluations"]] == [
        made[2].pk,
        made[1].pk,
    ]
    second = desk.get(address, {"before": first.context["before"]})
    assert [each.pk for each, _ in second.context["evaluations"]] == [made[0].pk]
    assert "no older evaluations" in desk.get(address, {"before": made[0].pk}).text


def test_curves_are_drawn_along_coverage_with_the_papers_two_points():
    made = [EvaluationFactory(name=f"r{n}") for n in range(8)]
    hard = EvaluationFactory(subset="hard")
    random, second = curves_of([*made, hard])
    assert (random.title, random.left_out) == (
        "Precision by coverage, random subset, dev split",
        2,
    )
    assert random.columns == [*(f"r{n}" for n in range(6)), "the paper"]
    rows = dict(random.rows)
    # Answers right, right, wrong of 4 pictures.
    assert rows[0.5][0] == 1.0
    assert rows[0.52][0] == 2 / 3
    assert rows[0.8][0] is None
    assert (rows[0.728][-1], rows[0.606][-1], rows[0.5][-1]) == (0.95, 0.99, None)
    assert dict(second.rows)[0.052][-1] == 0.99


def test_nobody_but_admins_knows_of_evaluations(client, stranger, adjudicator, release):
    made = EvaluationFactory(release=release)
    pages = [
        reverse("evaluations", args=[release.pk]),
        reverse("evaluation", args=[made.pk]),
    ]
    for address in pages:
        assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert {client.get(address).status_code for address in pages} == {404}
        assert send(client, release, "x").status_code == 404
        deleting = reverse("delete-evaluation", args=[made.pk])
        assert client.post(deleting).status_code == 404
    assert Evaluation.objects.get() == made


def test_what_is_not_there_is_not_found(desk):
    for name in ("evaluations", "evaluation"):
        assert desk.get(reverse(name, args=[4711])).status_code == 404
    assert desk.post(reverse("delete-evaluation", args=[4711])).status_code == 404
