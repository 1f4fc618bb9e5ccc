"""Screenshots of the pages for running a team, in both sizes and themes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from annotations import adjudication, batches, people, queue
from annotations.models import (
    Batch,
    Candidate,
    Conflict,
    Import,
    JudgeDay,
    RefusedRow,
    Role,
)

from .scenes import mark
from .test_screenshots import DESKTOP, PERSON, PHONE, batch, shoot, truth

__all__ = ["batch"]
APPEARANCES = [
    (size, theme) for size in ("desktop", "phone") for theme in ("light", "dark")
]


@pytest.fixture
def at_work(batch, judge, other_judge, admin) -> Batch:
    """Let two judges work for a week and differ on some pictures."""
    true_verdicts = truth()
    for number, person in enumerate((judge, other_judge)):
        page = queue.lease(judge=person, batch=batch)
        candidates = Candidate.objects.in_bulk(page.candidates)
        for position, candidate in enumerate(page.candidates):
            right = true_verdicts[candidates[candidate].image_url]
            differs = number and candidate % 5 == 0
            verdict = {"yes": "no"}.get(right, "yes") if differs else right
            reason = "The ears do not match." if differs else ""
            mark(person, page.tile_id(position), verdict, reason)
        queue.submit(assignment_id=page.pk, judge=person)
    _past_week(batch, (judge, other_judge))
    deadline = timezone.now() + timedelta(days=9)
    guidelines = "**Yes** if you are sure, also when only part of the face is seen."
    batches.update(batch=batch, by=admin, deadline=deadline, guidelines=guidelines)
    queue.sum_counters()
    return Batch.objects.get(pk=batch.pk)


def _past_week(batch, judges) -> None:
    """Record work on the days before."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM annotations_judgeday")
    for day in range(7):
        for number, person in enumerate(judges):
            verdicts = 380 + (day * 97 + number * 53) % 240
            JudgeDay.objects.create(
                batch=batch,
                judge=person,
                day=timezone.now().date() - timedelta(days=day),
                verdicts=verdicts,
                centiseconds=verdicts * (190 + 10 * number),
            )


def _options(appearance) -> dict[str, Any]:
    size, theme = appearance
    return {"color_scheme": theme, **(DESKTOP if size == "desktop" else PHONE)}


@pytest.mark.parametrize("appearance", APPEARANCES, ids="-".join)
def test_the_pages_for_running_a_team(opened, admin, judge, at_work, appearance):
    file = Import.objects.create(state="running", file_name="faces.tsv", rows_read=5120)
    RefusedRow.objects.create(source=file, line=17, reason="No key.", row="x\\ty")
    people.invite(email="kim@example.org", roles=[Role.JUDGE], by=admin)
    queue.lease(judge=judge, batch=at_work)
    page = opened(admin, "/", **_options(appearance))
    candidate = Conflict.objects.order_by("pk")[0].candidate_id
    addresses = {
        "overview": "/",
        "batches": reverse("batches"),
        "batch": reverse("batch", args=[at_work.pk]),
        "rules": reverse("change-batch", args=[at_work.pk]),
        "void": reverse("void-judge", args=[at_work.pk, judge.username]),
        "entities": reverse("entities"),
        "entity": reverse("entity", args=[PERSON]),
        "history": reverse("candidate", args=[PERSON, candidate]),
        "import": reverse("import", args=[file.pk]),
        "people": reverse("people"),
        "person": reverse("person", args=[judge.username]),
        "conflicts": reverse("conflicts", args=[at_work.pk]),
    }
    for name, address in addresses.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        shoot(page, f"team/{name}-{'-'.join(appearance)}")


@pytest.mark.parametrize("appearance", APPEARANCES, ids="-".join)
def test_the_preview_of_a_new_batch(opened, admin, at_work, appearance):
    page = opened(admin, reverse("new-batch"), **_options(appearance))
    page.get_by_label("All entities").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#mix")).to_contain_text("bottom 90 %")
    page.locator("#mix").scroll_into_view_if_needed()
    shoot(page, f"team/new-batch-{'-'.join(appearance)}")


@pytest.mark.parametrize("appearance", APPEARANCES, ids="-".join)
def test_a_conflict_and_a_second_look(
    opened, adjudicator, other_judge, at_work, appearance
):
    page = opened(
        adjudicator, reverse("next-conflict", args=[at_work.pk]), **_options(appearance)
    )
    page.wait_for_load_state("networkidle")
    shoot(page, f"team/conflict-{'-'.join(appearance)}")
    candidate = Conflict.objects.get(held_by=adjudicator).candidate_id
    adjudication.request_second_looks(
        batch=at_work, candidate=candidate, by=adjudicator, question="Her sister?"
    )
    page = opened(other_judge, "/", **_options(appearance))
    shoot(page, f"team/home-{'-'.join(appearance)}")
    page.goto(reverse("second-looks"))
    page.wait_for_load_state("networkidle")
    shoot(page, f"team/second-look-{'-'.join(appearance)}")
