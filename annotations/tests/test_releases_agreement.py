"""Agreement of judges in a datasheet, as of the time of the release."""

import pytest

from annotations import agreement, batches, judgments, queue, sql
from annotations.models import AgreementReport, Judgment
from annotations.releases import provenance

from .desk import mark_of
from .factories import UserFactory
from .released import content, judged_batch, released

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch():
    """Return a batch in which two judges agree on six candidates."""
    return judged_batch({"m.a": "yes yes no", "m.b": "yes no broken"})


def section(release):
    text = content(release, "datasheet.md").decode()
    return text.split("## Agreement")[1].split("## Known limits")[0]


def disagree(batch):
    """Let a third judge mark every candidate as broken."""
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


def test_agreement_without_a_report_is_computed_for_the_release(batch):
    assert not AgreementReport.objects.exists()
    release = released(batch)
    assert release.counts["agreement"][0]["percent"] == 1
    assert "candidates 6" in section(release)
    assert not AgreementReport.objects.exists()


def test_agreement_is_read_with_default_query_plans(batch, monkeypatch):
    """The settings for reading truth would make a GROUP BY take minutes."""
    settings, read_ratings = [], provenance.read_ratings

    def record_settings(batch_id):
        for name in ("enable_hashjoin", "enable_sort", "join_collapse_limit"):
            settings.append(sql.value(f"SHOW {name}"))
        return read_ratings(batch_id)

    monkeypatch.setattr(provenance, "read_ratings", record_settings)
    released(batch)
    assert settings == ["on", "on", "8"]


def test_an_outdated_report_is_computed_again(batch):
    assert agreement.update_report(batch.pk)
    disagree(batch)
    text = section(released(batch, distractors=0))
    assert "candidates 6" in text
    assert "percent 1.0" not in text
    assert "as of" not in text


def test_a_current_report_is_used_as_stored(batch):
    assert agreement.update_report(batch.pk)
    report = AgreementReport.objects.get()
    report.figures["percent"] = 0.123
    report.save()
    assert "percent 0.123" in section(released(batch))


def test_with_too_many_judgments_an_old_report_shows_its_age(batch, monkeypatch):
    monkeypatch.setattr(provenance, "COMPARED_JUDGMENTS", 0)
    assert agreement.update_report(batch.pk)
    computed_at = AgreementReport.objects.get().computed_at
    disagree(batch)
    text = section(released(batch, distractors=0, seconds=15))
    assert "percent 1.0" in text
    assert f"as of {computed_at:%Y-%m-%d %H:%M} UTC; more was judged after" in text


def test_an_empty_report_counts_as_none(batch, monkeypatch):
    monkeypatch.setattr(provenance, "COMPARED_JUDGMENTS", 0)
    AgreementReport.objects.create(batch=batch, figures={}, details={"problem": "slow"})
    assert "had not been computed" in section(released(batch, seconds=15))


def test_the_datasheet_says_if_no_two_judges_overlap(batch):
    first = Judgment.objects.order_by("judge").first().judge
    batches.update(batch=batch, by=batch.created_by, judges_required=1)
    Judgment.objects.exclude(judge=first).update(blind_verdict=None)
    assert "no candidate was judged by two" in section(released(batch))
