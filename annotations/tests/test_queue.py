"""Leasing and ending pages, and the reasons why there is no page."""

import pytest

from annotations import batches, queue
from annotations.errors import Invalid, LeaseLost, NotFound, PageIncomplete, TwoHeld
from annotations.models import Assignment, BatchEntity, Candidate, Reopened

from .desk import batch_of, let_expire, refusal_of, say, say_all
from .factories import CandidateFactory, EntityFactory, UserFactory

pytestmark = pytest.mark.django_db


def counters(batch):
    row = BatchEntity.objects.get(batch=batch)
    return row.state, row.total, row.judged, row.open_places, row.held_places


def test_a_page_has_at_most_page_size_candidates_of_one_entity(judge):
    batch_of(judge, entities=2, candidates=5, page_size=3)
    page = queue.lease(judge=judge)
    assert len(page.candidates) == 3
    entities = Candidate.objects.filter(pk__in=page.candidates).values("entity")
    assert entities.distinct().count() == 1


def test_a_lease_returns_the_held_page_until_it_ends(judge):
    batch_of(judge, candidates=5, page_size=3)
    page = queue.lease(judge=judge)
    assert queue.lease(judge=judge) == page
    say_all(judge, page)
    assert queue.lease(judge=judge) != page


def test_after_leases_the_next_page_in_advance(judge):
    batch = batch_of(judge, candidates=9, page_size=3)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    assert set(first.candidates).isdisjoint(second.candidates)
    assert queue.lease(judge=judge, batch=batch, after=first.pk) == second
    assert queue.lease(judge=judge) == first


def test_no_third_page_is_held(judge):
    batch_of(judge, candidates=9, page_size=3)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    with pytest.raises(TwoHeld):
        queue.lease(judge=judge, after=second.pk)


def test_after_a_page_that_has_ended_has_no_effect(judge):
    batch_of(judge, candidates=9, page_size=3)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    say_all(judge, first)
    assert queue.lease(judge=judge, after=first.pk) == second


def test_after_a_lost_page_a_held_page_comes_before_batches_of_higher_priority(
    judge, admin
):
    lesser = batch_of(judge, priority=1)
    page = queue.lease(judge=judge, batch=lesser)
    batch_of(judge, priority=9)
    assert queue.lease(judge=judge, after=page.pk + 1) == page


def test_two_judges_get_different_places(judge, other_judge):
    batch_of(judge, other_judge)
    page = queue.lease(judge=judge)
    other_page = queue.lease(judge=other_judge)
    assert sorted(page.candidates) == sorted(other_page.candidates)
    assert set(page.places) == {1}
    assert set(other_page.places) == {2}


def test_a_third_judge_waits_for_two_held_pages(judge, other_judge, stranger):
    batch_of(judge, other_judge, stranger)
    queue.lease(judge=judge)
    queue.lease(judge=other_judge)
    with pytest.raises(queue.NothingToLease) as refusal:
        queue.lease(judge=stranger)
    assert refusal.value.reason == "held-by-others"
    assert 0 < refusal.value.retry_after <= 60


def test_a_judge_never_gets_a_candidate_twice(judge):
    batch_of(judge)
    assert say_all(judge, queue.lease(judge=judge)) is True
    assert refusal_of(judge) == "all-done"


def test_reasons_when_there_is_no_page(judge, stranger, admin):
    batch = batch_of(judge)
    assert refusal_of(stranger) == "no-batch"
    batches.close_batch(batch=batch, by=admin)
    assert refusal_of(judge) == "closed"
    assert refusal_of(judge, batch=batch) == "closed"


def test_a_former_judge_gets_no_page(judge):
    batch = batch_of(judge)
    judge.roles = []
    assert refusal_of(judge, batch=batch) == "no-batch"


def test_a_released_page_goes_to_another_judge(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    assert refusal_of(other_judge) == "held-by-others"
    queue.release(assignment_id=page.pk, judge=judge)
    assert sorted(queue.lease(judge=other_judge).candidates) == sorted(page.candidates)


def test_a_release_frees_only_candidates_without_a_verdict(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 1, "no")
    queue.release(assignment_id=page.pk, judge=judge)
    candidates = queue.lease(judge=other_judge).candidates
    assert sorted(candidates) == sorted(set(page.candidates) - {page.candidates[1]})


def test_an_expired_page_is_free_at_once(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    let_expire(page)
    assert sorted(queue.lease(judge=other_judge).candidates) == sorted(page.candidates)
    page.refresh_from_db()
    assert page.state == "expired"


def test_renewing_renews_every_held_page(judge):
    batch_of(judge, candidates=6, page_size=3)
    first = queue.lease(judge=judge)
    second = queue.lease(judge=judge, after=first.pk)
    before = second.expires_at
    queue.renew(assignment_id=first.pk, judge=judge)
    second.refresh_from_db()
    assert second.expires_at > before


def test_a_lost_page_cannot_be_renewed(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    let_expire(page)
    with pytest.raises(LeaseLost):
        queue.renew(assignment_id=page.pk, judge=judge)


def test_a_stranger_cannot_touch_a_page(judge, stranger):
    batch_of(judge)
    page = queue.lease(judge=judge)
    for act in (queue.renew, queue.release, queue.submit):
        with pytest.raises(NotFound):
            act(assignment_id=page.pk, judge=stranger)


def test_submit_names_the_missing_tiles(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    with pytest.raises(PageIncomplete) as incomplete:
        queue.submit(assignment_id=page.pk, judge=judge)
    assert incomplete.value.fields["missing"] == [page.tile_id(1), page.tile_id(2)]
    assert incomplete.value.fields["lost"] == []


def test_a_second_submit_returns_the_same(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    assert say_all(judge, page) is True
    assert queue.submit(assignment_id=page.pk, judge=judge) is True


def test_submit_of_an_expired_page_names_the_lost_tiles(judge, other_judge):
    batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    let_expire(page)
    queue.lease(judge=other_judge)
    with pytest.raises(PageIncomplete) as incomplete:
        queue.submit(assignment_id=page.pk, judge=judge)
    assert incomplete.value.fields["missing"] == []
    assert incomplete.value.fields["lost"] == [page.tile_id(1), page.tile_id(2)]


def test_an_expired_page_with_all_verdicts_is_accepted(judge):
    batch_of(judge)
    page = queue.lease(judge=judge)
    for position in range(3):
        say(judge, page, position, "yes")
    let_expire(page)
    assert queue.submit(assignment_id=page.pk, judge=judge) is True


def test_counters_follow_lease_judgment_and_expiry(judge):
    batch = batch_of(judge)
    assert counters(batch) == ("open", 3, 0, 6, 0)
    page = queue.lease(judge=judge)
    assert counters(batch) == ("open", 3, 0, 3, 3)
    say(judge, page, 0, "yes")
    assert counters(batch) == ("open", 3, 0, 3, 2)
    let_expire(page)
    queue.expire_leases()
    assert counters(batch) == ("open", 3, 0, 5, 0)


def test_an_adaptive_judge_gets_only_open_candidates(judge, other_judge, stranger):
    batch_of(judge, other_judge, stranger, judges_required=2, judges_maximum=3)
    say_all(judge, queue.lease(judge=judge), "yes")
    page = queue.lease(judge=other_judge)
    for position, verdict in enumerate(["yes", "no", "yes"]):
        say(other_judge, page, position, verdict)
    queue.submit(assignment_id=page.pk, judge=other_judge)
    adaptive = queue.lease(judge=stranger)
    assert adaptive.candidates == [page.candidates[1]]
    assert adaptive.places == [3]


def test_a_place_reopened_behind_the_cursor_is_found(judge, other_judge):
    batch_of(judge, other_judge, entities=3, judges_required=1)
    first = queue.lease(judge=other_judge)
    for _ in range(2):
        say_all(judge, queue.lease(judge=judge))
    assert refusal_of(judge) == "held-by-others"
    queue.release(assignment_id=first.pk, judge=other_judge)
    assert sorted(queue.lease(judge=judge).candidates) == sorted(first.candidates)
    assert not Reopened.objects.filter(judge=judge).exists()


def test_newer_candidates_join_only_by_a_refresh(judge, admin):
    batch = batch_of(judge)
    say_all(judge, queue.lease(judge=judge))
    entity = BatchEntity.objects.get(batch=batch).entity
    CandidateFactory.create_batch(2, entity=entity)
    assert refusal_of(judge) == "all-done"
    assert batches.refresh(batch=batch, by=admin) == 2
    assert len(queue.lease(judge=judge).candidates) == 2
    assert batches.refresh(batch=batch, by=admin) == 0


def test_waiting_candidates_are_not_served(judge, admin):
    entity = EntityFactory()
    CandidateFactory.create_batch(2, entity=entity)
    CandidateFactory(entity=entity, waiting=True)
    batch = batches.create(by=admin, name="b", entities=[entity.key])
    batches.add_judges(batch=batch, usernames=[judge.username], by=admin)
    batches.open_batch(batch=batch, by=admin)
    assert len(queue.lease(judge=judge).candidates) == 2


def test_a_removed_judge_loses_pages_and_keeps_judgments(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, judges_required=1)
    page = queue.lease(judge=judge)
    say(judge, page, 0, "yes")
    batches.remove_judge(batch=batch, username=judge.username, by=admin)
    assert say(judge, page, 1, "yes") == "not-yours"
    assert refusal_of(judge) == "no-batch"
    assert len(queue.lease(judge=other_judge).candidates) == 2


def test_a_higher_requirement_reopens_done_rows(judge, other_judge, admin):
    batch = batch_of(judge, other_judge, judges_required=1)
    say_all(judge, queue.lease(judge=judge))
    assert refusal_of(other_judge) == "all-done"
    batches.update(batch=batch, by=admin, judges_required=2)
    assert len(queue.lease(judge=other_judge).candidates) == 3


def test_a_lower_requirement_keeps_leased_pages(judge, other_judge, stranger, admin):
    batch = batch_of(judge, other_judge, stranger, judges_required=3)
    page = queue.lease(judge=judge)
    other_page = queue.lease(judge=other_judge)
    batches.update(batch=batch, by=admin, judges_required=1)
    assert refusal_of(stranger) != "no-batch"
    say_all(judge, page)
    assert say(other_judge, other_page, 0, "no") == "recorded"


def test_a_report_withdraws_the_candidate_from_all_judges(judge, other_judge):
    batch_of(judge, other_judge)
    page = queue.lease(judge=judge)
    candidate = Candidate.objects.get(pk=page.candidates[0])
    queue.report(candidate=candidate, by=judge, reason="minor", comment="")
    assert candidate.pk not in queue.lease(judge=other_judge).candidates
    say(judge, page, 1, "yes")
    say(judge, page, 2, "yes")
    assert queue.submit(assignment_id=page.pk, judge=judge) is True


def test_tile_ids_work_only_for_their_judge(judge, other_judge, admin):
    batch = batch_of(judge, other_judge)
    page = queue.lease(judge=judge)
    assert queue.resolve_tile(page.tile_id(0), judge).pk == page.candidates[0]
    for tile in (page.tile_id(0), page.tile_id(99), "x.1", "1", f"{10**30}.0", "1.-1"):
        with pytest.raises(NotFound):
            queue.resolve_tile(tile, other_judge)
    say_all(judge, page)
    assert queue.resolve_tile(page.tile_id(0), judge)
    batches.close_batch(batch=batch, by=admin)
    with pytest.raises(NotFound):
        queue.resolve_tile(page.tile_id(0), judge)


def test_rank_order_is_kept_and_other_orders_are_shuffled(judge):
    batch_of(judge, candidates=20, order="rank")
    page = queue.lease(judge=judge)
    assert page.candidates == sorted(page.candidates)


def test_uncertain_order_shuffles_inside_the_page(judge):
    batch_of(judge, candidates=20, order="uncertain", page_size=10)
    page = queue.lease(judge=judge)
    assert page.candidates != sorted(page.candidates)
    first_ids = Candidate.objects.order_by("rank").values_list("pk", flat=True)[:10]
    assert sorted(page.candidates) == sorted(first_ids)


def test_the_batch_of_highest_priority_comes_first(judge, admin):
    batch_of(judge)
    urgent = batch_of(judge, priority=5)
    assert queue.lease(judge=judge).batch == urgent


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"judges_required": 0}, "judges_required"),
        ({"judges_required": 8}, "judges_required"),
        ({"judges_required": 3, "judges_maximum": 2}, "judges_maximum"),
        ({"judges_maximum": 8}, "judges_maximum"),
        ({"page_size": 0}, "page_size"),
        ({"order": "best"}, "order"),
        ({"purpose": "fun"}, "purpose"),
    ],
)
def test_a_wrong_rule_is_named(admin, rules, field):
    entity = EntityFactory()
    with pytest.raises(Invalid) as invalid:
        batches.create(by=admin, name="b", entities=[entity.key], **rules)
    assert list(invalid.value.errors) == [field]


def test_unknown_keys_are_named(admin):
    with pytest.raises(Invalid, match=r"m\.unknown"):
        batches.create(by=admin, name="b", entities=["m.unknown"])


def test_an_invalid_key_is_an_error_of_the_entities(admin):
    with pytest.raises(Invalid) as refusal:
        batches.create(by=admin, name="Batch", entities=["a b"])
    assert list(refusal.value.errors) == ["entities"]


def test_a_sample_is_drawn_by_frequency_and_seed(admin):
    for n in range(30):
        EntityFactory(frequency=n)
    first = batches.create(by=admin, name="a", sample={"size": 10, "seed": 3})
    second = batches.create(by=admin, name="b", sample={"size": 10, "seed": 3})
    samples = [
        list(BatchEntity.objects.filter(batch=b).order_by("pk").values_list("entity"))
        for b in (first, second)
    ]
    assert samples[0] == samples[1]
    assert len(samples[0]) == 10
    assert first.sample["seed"] == 3


def test_only_judges_can_be_added(judge, admin):
    batch = batch_of(judge)
    idle = UserFactory(is_active=False)
    for name in ("nobody", admin.username, idle.username):
        with pytest.raises(Invalid, match=name):
            batches.add_judges(batch=batch, usernames=[name], by=admin)


def test_progress_of_a_judge_has_only_their_figures(judge, other_judge, admin):
    batch = batch_of(judge, other_judge)
    say_all(other_judge, queue.lease(judge=other_judge))
    queue.sum_counters()
    batch.refresh_from_db()
    progress = queue.progress(batch, judge)
    assert [j["username"] for j in progress["judges"]] == [judge.username]
    assert progress["judges"][0]["judged"] == 0
    progress_of_all = queue.progress(batch)
    assert progress_of_all["candidates"] == 3
    assert {j["judged"] for j in progress_of_all["judges"]} == {0, 3}


def test_a_lease_costs_no_more_queries_in_a_larger_batch(
    judge, django_assert_max_num_queries
):
    batch_of(judge, entities=30, candidates=4, judges_required=1)
    for _ in range(10):
        say_all(judge, queue.lease(judge=judge))
    with django_assert_max_num_queries(25):
        queue.lease(judge=judge)
    assert Assignment.objects.count() == 11
