"""Changes of a batch's rules while it runs."""

import pytest
from django.utils import timezone

from annotations import batches, queue
from annotations.errors import Invalid
from annotations.models import AuditEntry, Reopened

from .desk import batch_of, refusal_of, say_all


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cap", 0),
        ("cap_share", 0.0),
        ("cap_share", 1.5),
        ("deadline", timezone.now().replace(tzinfo=None)),
        ("page_size", 0),
        ("name", " "),
    ],
)
def test_an_invalid_rule_is_refused_and_nothing_changes(batch, admin, field, value):
    with pytest.raises(Invalid) as invalid:
        batches.update(batch=batch, by=admin, **{field: value})
    assert list(invalid.value.errors) == [field]
    before = getattr(batch, field)
    batch.refresh_from_db()
    assert getattr(batch, field) == before


def test_order_and_purpose_are_fixed_by_the_first_opening(batch, admin):
    batches.close_batch(batch=batch, by=admin)
    with pytest.raises(Invalid) as invalid:
        batches.update(batch=batch, by=admin, order="rank", purpose="cleaning", cap=3)
    assert set(invalid.value.errors) == {"order", "purpose"}
    batches.update(batch=batch, by=admin, order=batch.order, cap=3)


def test_a_higher_number_of_judges_reopens_done_rows(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, judges_required=1)
    say_all(judge, queue.lease(judge=judge))
    assert refusal_of(other_judge) == "all-done"
    batches.update(batch=batch, by=admin, judges_required=2)
    assert len(queue.lease(judge=other_judge).candidates) == 3


def test_a_draft_has_nothing_to_recount(judge, make_batch, admin):
    draft = make_batch([judge], is_open=False)
    batches.update(batch=draft, by=admin, judges_required=3)
    assert not Reopened.objects.exists()
    batch = batches.open_batch(batch=draft, by=admin)
    assert batch.batchentity_set.get().open_places == 9


def test_replaced_guidelines_are_kept(batch, admin):
    batches.update(batch=batch, by=admin, guidelines="First.")
    batches.update(batch=batch, by=admin, guidelines="Second.", priority=2)
    batches.update(batch=batch, by=admin, guidelines="Second.")
    batch.refresh_from_db()
    versions = batch.former_guidelines.order_by("version")
    assert [(f.version, f.text) for f in versions] == [(1, ""), (2, "First.")]
    assert {f.replaced_by for f in versions} == {admin.username}
    assert (batch.guidelines_version, batch.guidelines) == (3, "Second.")


def test_the_audit_entry_of_a_change_has_no_text(batch, admin):
    batches.update(batch=batch, by=admin, guidelines="Private words.", cap=4)
    entry = AuditEntry.objects.filter(action="batch-changed").get()
    assert entry.details == {"batch": batch.pk, "fields": ["cap", "guidelines"]}
