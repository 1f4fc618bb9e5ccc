"""An admin's pages of evaluations: upload results, compare them, see mistakes."""

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
def release():
    return released(judged_batch(TRUTH), dev_entities=3, distractors=1)


def keys_of(release):
    data = content(release, "measurement-random-dev-aligned.tsv").decode()
    return [line.split("\t")[0] for line in data.splitlines()]


def upload(admin_client, release, text, **fields):
    """Upload a file of results. Return the next page."""
    file = SimpleUploadedFile("mine.tsv", text.encode())
    data = {"file": file, "part": "random-dev"} | fields
    return admin_client.post(
        reverse("evaluations", args=[release.pk]), data, follow=True
    )


def two_mistakes(release):
    """Return results that give the first person as the answer on each picture."""
    keys = keys_of(release)
    return "".join(f"{n}\t{keys[0]}\t{1 - n / 10}\n" for n in range(1, 4))


def test_an_empty_page_explains_what_to_do(admin_client, release):
    text = admin_client.get(reverse("evaluations", args=[release.pk])).text
    assert "There are no evaluations on this release yet." in text
    assert "random, dev" in text
    assert "hard, dev" not in text
    assert "data-plot" not in text
    page = admin_client.get(reverse("release", args=[release.pk])).text
    assert reverse("evaluations", args=[release.pk]) in page


def test_a_running_release_accepts_no_results(admin_client):
    page = admin_client.get(
        reverse("evaluations", args=[ReleaseFactory(state="running").pk])
    )
    assert "You can evaluate results when the release is done." in page.text


def test_results_are_shown_beside_the_baseline_with_their_mistakes(
    admin_client, release
):
    page = upload(admin_client, release, two_mistakes(release), name="first try")
    row = Evaluation.objects.get()
    assert page.redirect_chain[-1][0] == reverse("evaluation", args=[row.pk])
    assert "paper: 0.728" in page.text
    assert "paper: 0.606" in page.text
    assert page.text.count("data:image/jpeg;base64,") == 2
    keys = keys_of(release)
    errors = page.context["errors"]
    assert [error.mistake.key for error in errors] == keys[1:]
    assert errors[0].shown.name == f"Name of {keys[1]}"
    assert {error.estimated for error in errors} == {f"Name of {keys[0]}"}
    assert "Counts against" not in page.text
    list_text = admin_client.get(reverse("evaluations", args=[release.pk])).text
    assert "first try" in list_text
    assert 'data-plot="curves-random-dev"' in list_text


def test_errors_in_the_file_name_their_lines(admin_client, release):
    page = upload(admin_client, release, "1\tm.a\t<b>\n2\tm.b\t1\n2\tm.b\t1\n")
    assert "Line 1: The confidence “&lt;b&gt;” is not a number." in page.text
    assert "Line 3: Line 2 of the set appears twice." in page.text
    assert "The file is empty." in upload(admin_client, release, "").text
    assert (
        "Select a valid choice"
        in upload(admin_client, release, "x", part="hard-dev").text
    )
    assert not Evaluation.objects.exists()


def test_a_huge_file_is_refused_with_the_command_to_use(
    admin_client, release, monkeypatch
):
    monkeypatch.setattr(evaluation, "RESULTS_MAX_BYTES", -64 * 1024)
    page = upload(admin_client, release, "x")
    assert page.status_code == 413
    assert "manage.py evaluate" in page.text


def test_mistakes_are_listed_page_by_page(admin_client, release, monkeypatch):
    monkeypatch.setattr(view, "MISTAKES_SHOWN", 1)
    first = upload(admin_client, release, two_mistakes(release))
    assert first.context["following"] == 0
    address = reverse("evaluation", args=[Evaluation.objects.get().pk])
    second = admin_client.get(address, {"after": 0})
    assert [error.mistake.place for error in second.context["errors"]] == [1]
    assert second.context["following"] is None
    assert "There are no more mistakes." in admin_client.get(address, {"after": 1}).text


def test_correct_results_show_no_mistakes(admin_client, release):
    keys = keys_of(release)
    text = "".join(f"{n}\t{key}\t1\n" for n, key in enumerate(keys, 1))
    page = upload(admin_client, release, text)
    assert "Every answer is correct." in page.text
    assert "mine.tsv" in page.text


def test_the_test_split_shows_no_mistakes(admin_client):
    row = EvaluationFactory(split="test")
    text = admin_client.get(reverse("evaluation", args=[row.pk])).text
    assert "The people on its pictures are not shown here." in text


def test_figures_stay_when_the_file_of_results_is_missing(admin_client):
    text = admin_client.get(reverse("evaluation", args=[EvaluationFactory().pk])).text
    assert "The file of these results is missing" in text
    assert "0.500" in text


def test_erased_entities_appear_in_no_mistake(admin_client, release, admin):
    upload(admin_client, release, two_mistakes(release))
    keys = keys_of(release)
    erasure.erase_entity(key=keys[1], by=admin)
    row = Evaluation.objects.get()
    page = admin_client.get(reverse("evaluation", args=[row.pk]))
    assert [error.mistake.key for error in page.context["errors"]] == [keys[2]]
    assert f"Name of {keys[1]}" not in page.text
    erasure.erase_entity(key=keys[0], by=admin)
    text = admin_client.get(reverse("evaluation", args=[row.pk])).text
    assert keys[0] not in text


def test_an_evaluation_is_deleted(admin_client, release):
    upload(admin_client, release, two_mistakes(release))
    row = Evaluation.objects.get()
    page = admin_client.post(reverse("delete-evaluation", args=[row.pk]), follow=True)
    assert "is deleted." in page.text
    assert not Evaluation.objects.exists()


def test_older_evaluations_are_on_later_pages(admin_client, monkeypatch):
    monkeypatch.setattr(view, "SHOWN", 2)
    release = ReleaseFactory(state="failed")
    evaluations = [EvaluationFactory(release=release) for _ in range(3)]
    address = reverse("evaluations", args=[release.pk])
    first = admin_client.get(address)
    assert [row.pk for row, _ in first.context["evaluations"]] == [
        evaluations[2].pk,
        evaluations[1].pk,
    ]
    second = admin_client.get(address, {"before": first.context["before"]})
    assert [row.pk for row, _ in second.context["evaluations"]] == [evaluations[0].pk]
    assert (
        "no older evaluations"
        in admin_client.get(address, {"before": evaluations[0].pk}).text
    )


def test_curves_show_precision_by_coverage_and_both_points_of_the_paper():
    evaluations = [EvaluationFactory(name=f"r{n}") for n in range(8)]
    hard = EvaluationFactory(subset="hard")
    random, second = curves_of([*evaluations, hard])
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


def test_only_admins_can_open_evaluations(client, stranger, adjudicator, release):
    row = EvaluationFactory(release=release)
    addresses = [
        reverse("evaluations", args=[release.pk]),
        reverse("evaluation", args=[row.pk]),
    ]
    for address in addresses:
        assert client.get(address).url.startswith(reverse("sign-in"))
    for person in (stranger, adjudicator):
        client.force_login(person)
        assert {client.get(address).status_code for address in addresses} == {404}
        assert upload(client, release, "x").status_code == 404
        delete_address = reverse("delete-evaluation", args=[row.pk])
        assert client.post(delete_address).status_code == 404
    assert Evaluation.objects.get() == row


def test_unknown_releases_and_evaluations_are_not_found(admin_client):
    for name in ("evaluations", "evaluation"):
        assert admin_client.get(reverse(name, args=[4711])).status_code == 404
    assert (
        admin_client.post(reverse("delete-evaluation", args=[4711])).status_code == 404
    )
