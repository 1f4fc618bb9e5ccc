"""Draws of entities as in the paper."""

import random

import pytest

from annotations.sampling import EXPONENT, sample


def test_weights_of_the_papers_frequencies():
    weights = [f**EXPONENT for f in (1e6, 1000, 30, 10, 1)]
    assert weights == pytest.approx([482.2604, 21.9604, 4.5771, 2.8004, 1.0], abs=1e-4)
    shares = [w / sum(weights) for w in weights]
    assert shares == pytest.approx([0.9408, 0.0428, 0.0089, 0.0055, 0.0020], abs=1e-4)


def test_same_seed_same_sample():
    people = [(n, n + 1) for n in range(1000)]
    assert sample(people, 50, seed=7) == sample(people, 50, seed=7)
    assert sample(people, 50, seed=7) != sample(people, 50, seed=8)


def test_members_are_drawn_once_and_only_with_a_frequency():
    people = [(n, n % 3) for n in range(300)]
    members = sample(people, 250, seed=1)
    assert len(members) == len(set(members)) == 200
    assert all(n % 3 for n in members)


def test_first_draws_follow_the_weights():
    people = list(enumerate([1000.0, 30.0, 10.0, 1.0]))
    weights = [f**EXPONENT for _, f in people]
    chance = random.Random(3)
    draws = [sample(people, 1, chance.randrange(2**40))[0] for _ in range(10_000)]
    expected = [10_000 * w / sum(weights) for w in weights]
    counts = [draws.count(n) for n in range(4)]
    chi_square = sum((f - e) ** 2 / e for f, e in zip(counts, expected, strict=True))
    assert chi_square < 16.27  # 0.999 quantile, 3 degrees of freedom
