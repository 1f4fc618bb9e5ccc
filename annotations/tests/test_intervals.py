"""Exact intervals of a share, compared with another implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from annotations.intervals import at_most, is_bounded, share_interval

samples = st.integers(1, 5000).flatmap(
    lambda seen: st.tuples(st.integers(0, seen), st.just(seen))
)


@given(samples)
def test_the_interval_is_that_of_clopper_and_pearson(sample):
    hits, trials = sample
    exact = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert share_interval(hits, trials) == pytest.approx(tuple(exact), abs=1e-9)


@given(samples, st.floats(0.0001, 0.9999))
def test_the_probability_of_at_most_some_hits_is_exact(sample, share):
    hits, trials = sample
    expected = float(binom.cdf(hits, trials, share))
    assert at_most(hits, trials, share) == pytest.approx(expected, abs=1e-9)


def test_the_interval_without_trials_is_from_0_to_1():
    assert share_interval(0, 0) == (0.0, 1.0)


def test_299_correct_ones_bound_the_error_at_one_percent():
    assert is_bounded(0, 299, 0.01)
    assert not is_bounded(0, 298, 0.01)
    assert not is_bounded(1, 299, 0.01)
    assert is_bounded(1, 473, 0.01)


def test_a_hundred_thousand_trials_work():
    low, high = share_interval(50_000, 100_000)
    assert 0.49 < low < 0.5 < high < 0.51
