"""Dawid and Skene's estimate: their published figures, and simulated judges."""

import numpy as np
import pytest

from annotations.coefficients import dawid_skene

# Table 1 of Dawid and Skene 1979: the ratings of each patient by each observer. The
# first observer rated three times.
TABLE = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223
4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322
2222222 2222221 2223222 2212222 1111111 1111111 2322222 1111111 1111111 1121121
1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111
1111111 1212111 2322222 1211111 2222222
"""
PATIENTS = TABLE.split()
OBSERVERS = (0, 0, 0, 1, 2, 3, 4)
READINGS = [
    [(observer, int(said) - 1) for observer, said in zip(OBSERVERS, each, strict=True)]
    for each in PATIENTS
]


@pytest.fixture(scope="module")
def published():
    return dawid_skene(READINGS, judges=5, values=4)


def test_the_published_class_shares_are_reproduced(published):
    assert published.shares == pytest.approx([0.3996, 0.4220, 0.1118, 0.0667], abs=6e-5)
    assert published.log_likelihood == pytest.approx(-192.8909, abs=6e-4)
    assert published.has_converged
    assert published.rounds < 100


def test_the_published_errors_of_the_first_observer_are_reproduced(published):
    expected = [
        [0.8895, 0.1105, 0, 0],
        [0.0706, 0.8764, 0.0530, 0],
        [0, 0.3388, 0.6612, 0],
        [0, 0, 0.5556, 0.4444],
    ]
    assert published.confusion[0] == pytest.approx(np.array(expected), abs=1.1e-4)


def test_patients_fall_into_the_published_classes(published):
    model = published.posterior.argmax(axis=1)
    assert np.bincount(model).tolist() == [18, 19, 5, 3]
    votes = np.array([[row.count(str(c)) for c in range(1, 5)] for row in PATIENTS])
    majority = votes.argmax(axis=1)
    changed = {
        n + 1: (majority[n] + 1, model[n] + 1)
        for n in np.flatnonzero(majority != model)
    }
    assert changed == {2: (3, 4), 12: (2, 3), 36: (3, 4)}


def test_equal_items_can_be_passed_once_with_their_number(published):
    kinds = sorted(set(PATIENTS))
    ratings = [READINGS[PATIENTS.index(kind)] for kind in kinds]
    times = [PATIENTS.count(kind) for kind in kinds]
    model = dawid_skene(ratings, judges=5, values=4, times=times)
    assert model.shares == pytest.approx(published.shares)
    assert model.confusion == pytest.approx(published.confusion)
    assert model.log_likelihood == pytest.approx(published.log_likelihood)


def test_the_likelihood_never_decreases():
    model = []
    for rounds in range(1, 12):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("annotations.coefficients.reliability.MAX_ROUNDS", rounds)
            model.append(dawid_skene(READINGS, judges=5, values=4).log_likelihood)
    assert model == sorted(model)


def test_the_error_rates_of_simulated_judges_are_estimated():
    random = np.random.default_rng(1)
    truth = random.choice(3, p=[0.7, 0.25, 0.05], size=4000)
    right = [0.98, 0.9, 0.75, 0.95]
    ratings = []
    for true in truth:
        judges = random.choice(4, size=3, replace=False)
        values = [
            true if random.random() < right[j] else (true + random.integers(1, 3)) % 3
            for j in judges
        ]
        ratings.append(list(zip(judges, values, strict=True)))
    model = dawid_skene(ratings, judges=4, values=3)
    assert model.shares == pytest.approx([0.7, 0.25, 0.05], abs=0.03)
    diagonal = np.einsum("jkk->jk", model.confusion)
    assert diagonal[:, :2] == pytest.approx(
        np.repeat(np.array(right)[:, None], 2, axis=1), abs=0.05
    )
    assert (model.posterior.argmax(axis=1) == truth).mean() > 0.95


def test_every_row_is_a_distribution_or_empty():
    model = dawid_skene([[(0, 0), (1, 0)], [(0, 1)]], judges=3, values=3)
    whole = model.confusion.sum(axis=2)
    assert np.all(np.isclose(whole, 1) | (whole == 0))
    assert np.all(model.confusion[2] == 0)
    assert model.posterior.sum(axis=1) == pytest.approx(np.ones(2))
    assert np.isfinite(model.log_likelihood)
