"""What a datasheet says of its judges' agreement: as they were when it was frozen."""

import pytest
from django.db import connection

from annotations import agreement, batches, judgments, queue
from annotations.models import AgreementReport, Judgment
from annotations.releases import provenance

from .desk import mark_of
from .factories import UserFactory
from .released import content, judged_batch, released

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch():
    """Two judges agree on six candidates."""
    return judged_batch({"m.a": "yes yes no", "m.b": "yes no broken"})


def section(release):
    text = content(release, "datasheet.md").decode()
    return text.split("## Agreement")[1].split("## Known limits")[0]


def disagree(batch):
    """A third judge says broken of everything."""
    third = UserFactory()
    batches.update(
        batch=batch, by=batch.created_by, judges_required=3, judges_maximum=3
    )
    batches.add_judges(batch=batch, usernames=[third.username], by=batch.created_by)
    for _ in range(2):
        page = queue.lease(judge=third, batch=batch)
        marks = [mark_of(page, n, "broken") for n in range(3)]
        judgments.record(judge=third, marks=marks)
        queue.submit(assignment_id=page.pk, judge=third)


def test_what_was_never_worked_out_is_worked_out_then(batch):
    assert not AgreementReport.objects.exists()
    release = released(batch)
    assert release.counts["agreement"][0]["percent"] == 1
    assert "candidates 6" in section(release)
    assert not AgreementReport.objects.exists()


def test_verdicts_are_not_joined_row_by_row(batch, monkeypatch):
    """Truth is read by walking indexes, which would take minutes for a GROUP BY."""
    shown, read = [], provenance.read

    def reading(number):
        with connection.cursor() as cursor:
            for name in ("enable_hashjoin", "enable_sort", "join_collapse_limit"):
                cursor.execute(f"SHOW {name}")
                shown.append(cursor.fetchone()[0])
        return read(number)

    monkeypatch.setattr(provenance, "read", reading)
    released(batch)
    assert shown == ["on", "on", "8"]


def test_what_is_stored_and_old_is_worked_out_anew(batch):
    assert agreement.update_report(batch.pk)
    disagree(batch)
    said = section(released(batch, distractors=0))
    assert "candidates 6" in said
    assert "percent 1.0" not in said
    assert "as of" not in said


def test_what_is_stored_and_current_is_told_as_it_is(batch):
    assert agreement.update_report(batch.pk)
    comparison = AgreementReport.objects.get()
    comparison.figures["percent"] = 0.123
    comparison.save()
    assert "percent 0.123" in section(released(batch))


def test_where_there_are_too_many_judgments_the_old_one_tells_its_age(
    batch, monkeypatch
):
    monkeypatch.setattr(provenance, "COMPARED_JUDGMENTS", 0)
    assert agreement.update_report(batch.pk)
    computed_at = AgreementReport.objects.get().computed_at
    disagree(batch)
    said = section(released(batch, distractors=0, seconds=15))
    assert "percent 1.0" in said
    assert f"as of {computed_at:%Y-%m-%d %H:%M} UTC; more was judged after" in said


def test_an_empty_one_is_told_as_none(batch, monkeypatch):
    monkeypatch.setattr(provenance, "COMPARED_JUDGMENTS", 0)
    AgreementReport.objects.create(batch=batch, figures={}, details={"problem": "slow"})
    assert "had not been worked out" in section(released(batch, seconds=15))


def test_a_batch_without_two_judges_says_so(batch):
    first = Judgment.objects.order_by("judge").first().judge
    batches.update(batch=batch, by=batch.created_by, judges_required=1)
    Judgment.objects.exclude(judge=first).update(blind_verdict=None)
    assert "nothing was judged by two" in section(released(batch))
