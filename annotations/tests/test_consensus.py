"""The rules of truth and need, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from annotations.consensus import (
    Basis,
    Rules,
    Truth,
    Verdict,
    agreement,
    is_disputed,
    need,
    truth,
)

Y, N, B = Verdict.YES, Verdict.NO, Verdict.BROKEN
verdicts = st.lists(st.sampled_from([Y, N, B]), max_size=7)
rules = st.integers(1, 7).flatmap(
    lambda required: st.builds(Rules, st.just(required), st.integers(required, 7))
)


def test_truth_is_open_below_the_required_verdicts():
    assert truth([Y], Rules(2, 2)) == Truth(None, Basis.OPEN)


def test_two_who_agree_are_unanimous():
    assert truth([Y, Y], Rules(2, 3)) == Truth(Y, Basis.UNANIMOUS)


def test_half_is_no_majority():
    assert truth([Y, N], Rules(2, 3)) == Truth(None, Basis.OPEN)
    assert truth([Y, Y, N, N], Rules(2, 5)) == Truth(None, Basis.OPEN)


def test_more_than_half_is_a_majority():
    assert truth([Y, N, Y], Rules(2, 3)) == Truth(Y, Basis.MAJORITY)
    assert truth([Y, N, B], Rules(2, 3)) == Truth(None, Basis.OPEN)


def test_a_ruling_wins_over_all_verdicts():
    assert truth([Y, Y], Rules(2, 2), N) == Truth(N, Basis.RULING)
    assert truth([], Rules(2, 2), B) == Truth(B, Basis.RULING)


def test_a_clearance_counts_only_below_the_required_verdicts():
    assert truth([], Rules(2, 2), None, N) == Truth(N, Basis.CLEARED)
    assert truth([Y], Rules(2, 2), None, N) == Truth(N, Basis.CLEARED)
    assert truth([Y, Y], Rules(2, 2), None, N) == Truth(Y, Basis.UNANIMOUS)
    assert truth([Y, N], Rules(2, 3), None, N) == Truth(None, Basis.OPEN)
    assert truth([], Rules(2, 2), Y, N) == Truth(Y, Basis.RULING)


def test_a_majority_is_still_disputed():
    assert is_disputed([Y, N, Y], Rules(2, 3))
    assert not is_disputed([Y, N], Rules(3, 3))
    assert not is_disputed([Y, Y], Rules(2, 3))


def test_one_more_judge_at_a_time_while_open():
    assert need([Y], Rules(2, 5)) == 2
    assert need([Y, N], Rules(2, 5)) == 3
    assert need([Y, N, B], Rules(2, 5)) == 4
    assert need([Y, N, Y], Rules(2, 5)) == 3
    assert need([Y, N], Rules(2, 2)) == 2


def test_ruled_and_withdrawn_candidates_need_no_judgments():
    assert need([Y], Rules(2, 2), N) == 0
    assert need([Y], Rules(2, 2), withdrawn=True) == 0


def test_agreement_is_undefined_without_truth_or_votes():
    assert agreement(None, [Y]) is None
    assert agreement(Y, []) is None
    assert agreement(Y, [Y, N, Y, Y]) == 0.75


@given(verdicts, rules)
def test_need_never_exceeds_the_maximum_nor_falls_below_the_verdicts(
    given_verdicts, batch_rules
):
    total = need(given_verdicts, batch_rules)
    assert total <= max(batch_rules.maximum, len(given_verdicts))
    if len(given_verdicts) < batch_rules.required:
        assert total == batch_rules.required
    if truth(given_verdicts, batch_rules).basis in (Basis.UNANIMOUS, Basis.MAJORITY):
        assert total == len(given_verdicts)


@given(verdicts, rules)
def test_truth_does_not_depend_on_the_order_of_verdicts(given_verdicts, batch_rules):
    assert truth(given_verdicts, batch_rules) == truth(
        sorted(given_verdicts), batch_rules
    )
