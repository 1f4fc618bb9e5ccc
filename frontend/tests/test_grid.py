"""The judge's page as rendered by the server."""

import re

import pytest
from django.urls import reverse

from annotations import batches, queue
from annotations.models import Candidate, Entity
from annotations.tests.factories import UserFactory

from .scenes import add_picture, mark, opened_batch


def grid(client, person, batch, **headers):
    client.force_login(person)
    return client.post(reverse("grid", args=[batch.pk]), headers=headers)


def test_a_page_shows_the_entity_and_its_pictures(client, judge):
    batch = opened_batch(judge)
    entity = Entity.objects.get()
    entity.aliases.create(name="Persona", language="es")
    text = grid(client, judge, batch).text
    assert f"<h2>{entity.name}</h2>" in text
    assert "Persona" in text
    assert entity.description in text
    assert text.count('role="gridcell"') == 4
    assert "may be another person" in text


def test_a_page_contains_ids_of_tiles_and_never_of_candidates(client, judge):
    batch = opened_batch(judge)
    Candidate.objects.update(rank=987654)
    text = grid(client, judge, batch).text
    page = queue.held_pages(judge)[0]
    assert f"/api/v1/candidates/{page.pk}.0/thumbnail/" in text
    assert "987654" not in text
    for candidate in Candidate.objects.all():
        assert candidate.image.sha256 not in text
        assert f"/candidates/{candidate.pk}/" not in text


def test_loading_a_page_twice_leases_it_once(client, judge):
    batch = opened_batch(judge)
    grid(client, judge, batch)
    grid(client, judge, batch)
    assert len(queue.held_pages(judge)) == 1


def test_people_outside_a_batch_see_nothing_of_it(client, judge, stranger):
    batch = opened_batch(judge)
    response = grid(client, stranger, batch)
    assert response.status_code == 404
    assert batch.name not in response.text


def test_an_admin_who_does_not_judge_has_no_page(client, judge, admin):
    assert grid(client, admin, opened_batch(judge)).status_code == 404


def test_a_removed_judge_has_no_page(client, judge, admin):
    batch = opened_batch(judge)
    batches.remove_judge(batch=batch, username=judge.username, by=admin)
    assert grid(client, judge, batch).status_code == 404


def test_a_script_gets_only_the_page_fragment(client, judge):
    response = grid(client, judge, opened_batch(judge), **{"HX-Request": "true"})
    assert "<html" not in response.text
    assert '<main id="page"' in response.text
    assert 'data-page-of="page 1 of about 1' in response.text


def test_a_script_without_a_session_redirects_the_window_to_sign_in(client, judge):
    batch = opened_batch(judge)
    address = reverse("grid", args=[batch.pk])
    current_url = f"http://testserver{address}"
    headers = {"HX-Request": "true", "HX-Current-URL": current_url}
    response = client.get(address, headers=headers)
    assert response["HX-Redirect"] == f"{reverse('sign-in')}?next={address}"


def test_saved_verdicts_are_shown_again(client, judge):
    batch = opened_batch(judge)
    grid(client, judge, batch)
    page = queue.held_pages(judge)[0]
    mark(judge, page.tile_id(1), "no")
    text = grid(client, judge, batch).text
    assert f'data-tile="{page.tile_id(1)}" data-verdict="no"' in text
    assert f'data-tile="{page.tile_id(0)}" data-verdict=""' in text


def test_verdicts_of_other_judges_are_never_shown(client, judge, other_judge):
    batch = opened_batch(judge, other_judge)
    for position in range(3):
        page = queue.lease(judge=other_judge, batch=batch)
        mark(other_judge, page.tile_id(position), "broken")
    text = grid(client, judge, batch).text
    assert 'data-verdict="broken"' not in text
    assert text.count('data-verdict=""') == 4


def test_an_unreadable_picture_is_labelled_as_a_broken_file(client, judge):
    text = grid(client, judge, opened_batch(judge, unreadable=1)).text
    assert text.count("data-unreadable") == 1
    assert "Broken file" in text
    assert text.count("/thumbnail/") == 3


def test_the_frame_of_a_manifest_is_drawn_over_its_picture(client, judge):
    batch = opened_batch(judge, count=1)
    Candidate.objects.update(frame=[0.1, 0.2, 0.6, 0.9])
    text = grid(client, judge, batch).text
    assert '<rect x="10%" y="20%" width="50%" height="70%" />' in text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", ""])
def test_only_web_addresses_are_linked(client, judge, address):
    batch = opened_batch(judge)
    Candidate.objects.update(page_url=address)
    Entity.objects.update(url=address)
    text = grid(client, judge, batch).text
    assert 'data-link="source"' not in text
    assert "alert(1)" not in text


def test_markup_in_names_and_descriptions_is_escaped(client, judge):
    batch = opened_batch(judge)
    Entity.objects.update(name="<b>Bold</b>", description="<script>1</script>")
    text = grid(client, judge, batch).text
    assert "&lt;b&gt;Bold&lt;/b&gt;" in text
    assert "<script>1" not in text


def test_guidelines_of_a_batch_replace_the_default_ones(client, judge):
    default_text = grid(client, judge, opened_batch(judge)).text
    batch_text = grid(
        client, judge, opened_batch(judge, guidelines="Hats are no.")
    ).text
    assert "An old photo is yes" in default_text
    assert "A drawing or a look-alike is no" in default_text
    assert "Hats are no." in batch_text
    assert "An old photo is yes" not in batch_text


def test_a_finished_batch_has_a_message(client, judge):
    batch = opened_batch(judge, count=1)
    grid(client, judge, batch)
    page = queue.held_pages(judge)[0]
    mark(judge, page.tile_id(0), "yes")
    queue.submit(assignment_id=page.pk, judge=judge)
    assert "All done" in grid(client, judge, batch).text


def test_a_closed_batch_has_a_message(client, judge, admin):
    batch = opened_batch(judge)
    batches.close_batch(batch=batch, by=admin)
    assert "This batch is closed" in grid(client, judge, batch).text


def test_the_page_waits_for_pages_of_other_judges(client, judge, other_judge):
    batch = opened_batch(judge, other_judge, judges_required=1)
    queue.lease(judge=other_judge, batch=batch)
    text = grid(client, judge, batch).text
    assert "Other judges are working on the last pages" in text
    assert re.search(r'data-retry="\d+"', text)


def test_the_page_has_no_inline_scripts_or_styles(client, judge):
    response = grid(client, judge, opened_batch(judge))
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"\sstyle=|\son\w+=|<style", response.text)
    assert re.findall(r"<script(?![^>]*\ssrc=)", response.text) == []


def test_queries_do_not_grow_with_pictures(
    client, judge, django_assert_max_num_queries
):
    second_judge = UserFactory()
    small_batch, large_batch = (
        opened_batch(judge, count=2),
        opened_batch(second_judge, count=12),
    )
    for person, batch in ((judge, small_batch), (second_judge, large_batch)):
        grid(client, person, batch)
    client.force_login(judge)
    with django_assert_max_num_queries(40) as queries:
        client.post(reverse("grid", args=[small_batch.pk]))
    client.force_login(second_judge)
    with django_assert_max_num_queries(len(queries)):
        client.post(reverse("grid", args=[large_batch.pk]))


def test_an_erased_picture_is_not_shown(client, judge):
    batch = opened_batch(judge, count=2)
    grid(client, judge, batch)
    Candidate.objects.filter(pk=Candidate.objects.order_by("pk")[0].pk).update(
        state="erased", image=None
    )
    text = grid(client, judge, batch).text
    assert text.count("data-withdrawn") == 1
    assert "removed" in text


def test_each_entity_has_its_own_page(client, judge):
    batch = opened_batch(judge, entities=2, count=2)
    grid(client, judge, batch)
    page = queue.held_pages(judge)[0]
    for position in range(2):
        mark(judge, page.tile_id(position), "yes")
    queue.submit(assignment_id=page.pk, judge=judge)
    assert "Person 1" in grid(client, judge, batch).text


def test_a_picture_added_later_is_not_on_the_page(client, judge):
    batch = opened_batch(judge, count=2)
    add_picture(Entity.objects.get(), 77)
    assert grid(client, judge, batch).text.count('role="gridcell"') == 2


def test_the_next_page_can_be_fetched_ahead(client, judge):
    batch = opened_batch(judge, entities=3, count=2)
    grid(client, judge, batch)
    address = reverse("grid", args=[batch.pk])
    first = queue.held_pages(judge)[0]
    headers = {"HX-Request": "true"}
    response = client.post(f"{address}?after={first.pk}", headers=headers)
    assert len(queue.held_pages(judge)) == 2
    second = queue.held_pages(judge)[1]
    assert f'data-assignment="{second.pk}"' in response.text
    # A judge can hold at most two pages.
    response = client.post(f"{address}?after={second.pk}", headers=headers)
    assert response.status_code == 409
    assert len(queue.held_pages(judge)) == 2


def test_an_invalid_after_parameter_is_ignored(client, judge):
    batch = opened_batch(judge, entities=2, count=2)
    client.force_login(judge)
    address = reverse("grid", args=[batch.pk])
    for after in ("", "x", "-1", "9" * 40):
        assert client.post(f"{address}?after={after}").status_code == 200
    assert len(queue.held_pages(judge)) == 1


def test_unreadable_pictures_come_last(client, judge):
    batch = opened_batch(judge, count=6, unreadable=3)
    text = grid(client, judge, batch).text
    tiles = re.findall(
        r'data-tile="\d+\.(\d)"[^>]*?(data-unreadable)?(?: data-\w+)* ', text
    )
    unreadable_flags = [
        bool(
            re.search(
                rf'data-tile="\d+\.{position}" data-verdict="" data-unreadable', text
            )
        )
        for position, _ in tiles
    ]
    assert unreadable_flags == [False] * 3 + [True] * 3


def test_judges_can_open_their_submitted_pages(client, judge, other_judge):
    batch = opened_batch(judge, other_judge, entities=2, count=1)
    grid(client, judge, batch)
    page = queue.held_pages(judge)[0]
    mark(judge, page.tile_id(0), "yes")
    queue.submit(assignment_id=page.pk, judge=judge)
    address = reverse("own-page", args=[batch.pk, page.pk])
    text = client.get(address).text
    assert "data-submitted" in text
    assert 'data-verdict="yes"' in text
    assert "an earlier page" in text
    client.force_login(other_judge)
    assert client.get(address).status_code == 404


def test_a_page_opens_only_in_its_own_open_batch(client, judge, admin):
    first, second = opened_batch(judge), opened_batch(judge)
    grid(client, judge, first)
    page = queue.held_pages(judge, first)[0]
    wrong_address = reverse("own-page", args=[second.pk, page.pk])
    assert client.get(wrong_address).status_code == 404
    queue.release_all(judge=judge)
    batches.close_batch(batch=first, by=admin)
    right_address = reverse("own-page", args=[first.pk, page.pk])
    assert client.get(right_address).status_code == 404


def test_the_pages_of_a_judge_are_listed_newest_first(
    client, judge, other_judge, stranger
):
    batch = opened_batch(judge, other_judge, entities=3, count=1)
    client.force_login(judge)
    address = reverse("own-pages", args=[batch.pk])
    assert "You have no pages" in client.get(address).text
    for _ in range(2):
        page = queue.lease(judge=judge, batch=batch)
        mark(judge, page.tile_id(0), "yes")
        queue.submit(assignment_id=page.pk, judge=judge)
    text = client.get(address).text
    assert text.index("Person 1") < text.index("Person 0")
    older_text = client.get(f"{address}?before={page.pk}").text
    assert "Person 0" in older_text
    assert "Person 1" not in older_text
    client.force_login(other_judge)
    assert "Person 0" not in client.get(address).text
    client.force_login(stranger)
    assert client.get(address).status_code == 404


def test_judges_see_their_own_comments_and_reports_again(client, judge, other_judge):
    batch = opened_batch(judge, other_judge, count=2)
    grid(client, judge, batch)
    page = queue.held_pages(judge)[0]
    mark(judge, page.tile_id(0), "yes", reason="look at the <ear>")
    first, second = (Candidate.objects.get(pk=c) for c in page.candidates)
    queue.report(candidate=second, by=judge, reason="other", comment="")
    queue.report(candidate=first, by=other_judge, reason="other", comment="")
    text = grid(client, judge, batch).text
    assert 'data-comment="look at the &lt;ear&gt;"' in text
    assert text.count("Reported by you.") == 1


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [
        ("dark", ' data-theme="dark"'),
        ("light", ' data-theme="light"'),
        ('"><script>', ""),
        ("", ""),
    ],
)
def test_the_cookie_selects_the_theme(client, judge, cookie, attribute):
    client.cookies["labeler_theme"] = cookie
    text = grid(client, judge, opened_batch(judge)).text
    assert f'<html lang="en"{attribute}>' in text


def test_the_version_changes_with_the_guidelines(client, judge):
    batch = opened_batch(judge, guidelines="Hats are no.")
    versions = []
    for guidelines in ("Hats are no.", "Hats are no.", "Hats are yes.", ""):
        batches.update(batch=batch, by=batch.created_by, guidelines=guidelines)
        text = grid(client, judge, batch).text
        versions += re.findall(r'data-version="(\w{16})"', text)
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3
