"""The state machine of the queue with scores and clearance."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from annotations import batches, clearance, queue
from annotations.models import BatchEntity, Clearance, Score

from .desk import batch_of
from .scored import score, scorer_named
from .test_queue_machine import Queue, pick

probability = st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.99, 1.0])


class ScoredQueue(Queue):
    """The same judges, with scores that change at any time."""

    @initialize(
        required=st.integers(1, 3),
        more=st.integers(0, 2),
        page_size=st.integers(1, 4),
        audit_size=st.integers(1, 4),
        control_share=st.sampled_from([None, 0.5]),
    )
    def create(self, required, more, page_size, audit_size, control_share):
        """Create a batch with clearance, and more entities, so that rows can move."""
        scorer_named()
        self.batch = batch_of(
            *self.judges,
            entities=4,
            candidates=2,
            judges_required=required,
            judges_maximum=required + more,
            page_size=page_size,
            order="uncertain",
            purpose="cleaning",
            clear_beyond=0.95,
            audit_size=audit_size,
            control_share=control_share,
        )
        self.highest = required + more

    @rule(number=pick, probabilities=st.lists(probability, min_size=3, max_size=3))
    def rescore(self, number, probabilities):
        rows = list(BatchEntity.objects.filter(batch=self.batch).order_by("pk"))
        entity = rows[number % len(rows)].entity_id
        candidates = rows[number % len(rows)].entity.candidates.order_by("pk")
        for candidate, value in zip(candidates, probabilities, strict=False):
            score(candidate, value)
        queue.reorder([entity])

    @rule()
    def mix(self):
        queue.mix_controls(self.batch)

    @rule()
    def delete_scores(self):
        Score.objects.all().delete()

    @rule()
    def clear(self):
        clearance.clear(self.batch)

    @rule(beyond=st.sampled_from([None, 0.95, 0.98]), size=st.integers(1, 4))
    def change_clearance(self, beyond, size):
        self.batch = batches.update(
            batch=self.batch, by=self.admin, clear_beyond=beyond, audit_size=size
        )
        if beyond is None:
            assert not Clearance.objects.exists()


@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_new_scores_and_clearance_keep_the_queue_consistent(monkeypatch):
    monkeypatch.setattr("annotations.queue.order._default_scorer", lambda: "faces")
    run_state_machine_as_test(
        ScoredQueue,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
