"""Coefficients of agreement: published examples, and other implementations."""

import warnings
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats import inter_rater

from annotations.coefficients import (
    Undefined,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    interval,
    krippendorff_alpha,
    percent,
    shares_of,
)
from annotations.coefficients.bootstrap import replicates
from annotations.coefficients.measures import ac1s, alphas

from .irrcac import TABLES, tables

VALUES = 5  # at most, in a random table
IRRCAC = Path(__file__).with_name("irrcac.tsv")


def table_of(*judges):
    """Return a table of candidates x values from each judge's verdicts; `.` is a gap."""
    ratings = [judge.split() for judge in judges]
    values = sorted({value for judge in ratings for value in judge} - {"."})
    return [
        [sum(value == row for row in candidate) for value in values]
        for candidate in zip(*ratings, strict=True)
    ]


# Krippendorff's four observers of twelve units; the twelfth has one value.
A = table_of(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . .",
    ". 3 3 3 2 3 4 2 2 5 1 3",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
# Wikipedia, "Krippendorff's alpha".
B = table_of(
    ". . . . . 3 4 1 2 1 1 3 3 . 3",
    "1 . 2 1 3 3 4 3 . . . . . . .",
    ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
)
# Krippendorff 2011: binary, nominal.
C = table_of("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
D = table_of("a a b b d c c c e d d a", "b a b b b c c c e d d d")
# Fleiss 1971.
FLEISS = """
    00060 03003 01401 00006 03030 20400 00402 20310 20040 00006
    10050 11040 03300 10050 02031 00501 30012 51000 02040 10203
    00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
E = [[int(count) for count in row] for row in FLEISS.split()]
# Wikipedia, "Fleiss' kappa".
WIKIPEDIA = """
0 0 0 0 14 | 0 2 6 4 2 | 0 0 3 5 6 | 0 3 9 2 0 | 2 2 8 1 1
7 7 0 0 0 | 3 2 6 3 0 | 2 5 3 2 2 | 6 5 2 1 0 | 0 2 2 3 7
"""
F = np.array(WIKIPEDIA.replace("|", " ").split(), dtype=int).reshape(10, 5)
# Our three labels.
J = table_of("Y Y N Y B N Y .", "Y N N Y B N . Y", "Y Y N . B Y Y .")


def spread(square):
    """Return two judges' table as candidates x values."""
    rows = []
    for (a, b), times in np.ndenumerate(np.array(square)):
        row = [0] * len(square)
        row[a] += 1
        row[b] += 1
        rows += [row] * int(times)
    return rows


GWET = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


@pytest.mark.parametrize(
    ("coefficient", "table", "published"),
    [
        (krippendorff_alpha, A, 0.743421),
        (gwet_ac1, A, 0.77544),
        (fleiss_kappa, A, 0.76117),
        (krippendorff_alpha, B, 0.691358),
        (krippendorff_alpha, C, 0.095238),
        (krippendorff_alpha, D, 0.691964),
        (fleiss_kappa, E, 0.430245),
        (krippendorff_alpha, E, 0.433410),
        (fleiss_kappa, F, 0.209931),
        (cohen_kappa, [[20, 5], [10, 15]], 0.4),
        (cohen_kappa, [[45, 15], [25, 15]], 0.130435),
        (cohen_kappa, [[25, 35], [5, 35]], 0.259259),
        (cohen_kappa, [[0, 4, 1], [0, 8, 0], [0, 1, 5]], 0.4842),
        (cohen_kappa, GWET, 0.79641),
        (gwet_ac1, spread(GWET), 0.84933),
        (krippendorff_alpha, spread(GWET), 0.79726),
        (percent, spread(GWET), 0.89),
        (percent, spread([[118, 5], [2, 0]]), 0.944),
        (cohen_kappa, [[118, 5], [2, 0]], -0.0234),
        (gwet_ac1, spread([[118, 5], [2, 0]]), 0.9408),
        (percent, spread([[80, 10], [10, 0]]), 0.80),
        (cohen_kappa, [[80, 10], [10, 0]], -0.1111),
        (gwet_ac1, spread([[80, 10], [10, 0]]), 0.7561),
        (krippendorff_alpha, J, 2 / 3),
    ],
)
def test_published_examples_are_reproduced_to_the_digit(coefficient, table, published):
    decimals = min(6, len(str(published).split(".")[1]))
    assert coefficient(table) == pytest.approx(published, abs=0.51 * 10**-decimals)


def test_the_coincidences_of_three_labels_are_those_counted_by_hand():
    broken, no, yes = range(3)
    coincidences = shares_of(J).sum(axis=0)[:9].reshape(3, 3)
    assert (coincidences[yes, yes], coincidences[yes, no], coincidences[no, yes]) == (
        8,
        2,
        2,
    )
    assert (coincidences[no, no], coincidences[broken, broken], coincidences.sum()) == (
        4,
        3,
        19,
    )


ALIKE, NOTHING = "All verdicts are the same", "No picture has two"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (np.zeros((0, 3)), NOTHING),
        ([[1, 0, 0], [0, 1, 0]], NOTHING),
        ([[0, 0, 0]], NOTHING),
        ([[2, 0, 0], [3, 0, 0]], ALIKE),
    ],
)
def test_an_undefined_coefficient_has_a_reason(table, reason):
    for coefficient in (krippendorff_alpha, fleiss_kappa, gwet_ac1):
        value = coefficient(table)
        assert isinstance(value, Undefined), coefficient
        assert value.reason.startswith(reason)


def test_raw_agreement_is_defined_for_equal_verdicts():
    assert percent([[2, 0, 0], [3, 0, 0]]) == 1.0
    assert isinstance(percent([[1, 0, 0]]), Undefined)


def test_cohen_is_undefined_without_candidates_or_differences():
    assert "No picture" in cohen_kappa([[0, 0], [0, 0]]).reason
    assert "the same" in cohen_kappa([[0, 0], [0, 7]]).reason
    # They never agree, which is a defined value.
    assert cohen_kappa([[0, 7], [0, 0]]) == 0


def test_alpha_ignores_candidates_of_one_judge_and_can_be_undefined():
    assert "the same" in krippendorff_alpha([[2, 0], [0, 1]]).reason
    assert fleiss_kappa([[2, 0], [0, 1]]) == 1.0


def counted(said):
    return np.stack([(said == value).sum(axis=0) for value in range(VALUES)], axis=1)


def assert_same(ours, theirs):
    """Assert equal values, or undefined here and nan in the reference."""
    if isinstance(ours, Undefined):
        assert theirs is None or not np.isfinite(theirs)
    else:
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_alpha_is_that_of_krippendorff_on_random_tables_with_gaps():
    defined = 0
    for ratings in tables(1):
        try:
            reference = krippendorff.alpha(ratings, level_of_measurement="nominal")
        except ValueError:  # one value only, or nothing to compare
            reference = None
        alpha = krippendorff_alpha(counted(ratings))
        assert_same(alpha, reference)
        defined += reference is not None
    assert defined > 0.8 * TABLES


def test_fleiss_is_that_of_statsmodels_on_random_complete_tables():
    for ratings in tables(2, is_complete=True):
        counts = counted(ratings)
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
            reference = inter_rater.fleiss_kappa(counts)
        assert_same(fleiss_kappa(counts), reference)


def test_cohen_is_that_of_scikit_learn_and_statsmodels_on_random_pairs():
    for ratings in tables(3):
        pairs = ratings[:2, ~np.isnan(ratings[:2]).any(axis=0)].astype(int)
        square = np.zeros((VALUES, VALUES))
        np.add.at(square, tuple(pairs), 1)
        reference = None
        if pairs.size:
            with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
                reference = cohen_kappa_score(*pairs)
                second = inter_rater.cohens_kappa(square, return_results=False)
            assert reference == pytest.approx(second, nan_ok=True)
        assert_same(cohen_kappa(square), reference)


def test_ac1_and_generalised_fleiss_are_those_of_irrcac_on_tables_with_gaps():
    """irrcac.py made the file. For a single value irrCAC returns 1; we return Undefined."""
    lines = IRRCAC.read_text().splitlines()
    assert len(lines) == TABLES
    for line in lines:
        text, ac1, fleiss = line.split("\t")
        counts = table_of(*(" ".join(judge) for judge in text.split()))
        for coefficient, reference in ((gwet_ac1, ac1), (fleiss_kappa, fleiss)):
            has_value = reference and len(set(text) - set(". ")) > 1
            assert_same(coefficient(counts), float(reference) if has_value else None)


def test_the_order_of_candidates_and_values_does_not_matter():
    for coefficient in (percent, krippendorff_alpha, fleiss_kappa, gwet_ac1):
        permuted = np.array(A)[::-1, ::-1]
        assert coefficient(permuted) == pytest.approx(coefficient(A))


def entities(seed, many=60, pictures=20):
    """Return sums of entities that differ in difficulty."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(many):
        truth = random.random(pictures) < 0.7
        errs = random.random((2, pictures)) < random.choice([0.02, 0.3])
        yes = (truth ^ errs).sum(axis=0)
        rows.append(shares_of(np.stack([yes, 2 - yes], axis=1)).sum(axis=0))
    return np.array(rows)


def test_an_interval_is_reproducible_and_contains_the_estimate():
    rows = entities(1)
    low, high = interval(rows, alphas, seed=7)
    assert low < float(alphas(rows.sum(axis=0))) < high
    assert interval(rows, alphas, seed=7) == (low, high)
    assert interval(rows, alphas, seed=8) != (low, high)


def test_an_interval_contains_the_truth_about_as_often_as_its_level():
    truth = float(alphas(entities(0, many=20_000).sum(axis=0)))
    bounds = [interval(entities(seed), alphas) for seed in range(1, 201)]
    hits = sum(low <= truth <= high for low, high in bounds)
    assert 0.88 <= hits / 200 <= 0.99


def test_drawing_distinct_sums_equals_drawing_entities():
    rows = entities(2, many=12)
    random = np.random.default_rng(0)
    plain = rows[random.integers(12, size=(4000, 12))].sum(axis=1)
    sums = np.concatenate([replicates(rows, seed) for seed in range(20)])
    assert sums.mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.02, abs=0.2)
    assert sums.std(axis=0) == pytest.approx(plain.std(axis=0), rel=0.1, abs=0.1)


def test_one_entity_or_few_differences_have_no_interval():
    rows = entities(3)
    assert "two entities" in interval(rows[:1], alphas).reason
    alike = shares_of([[2, 0]] * 50)
    odd = np.concatenate([alike, shares_of([[1, 1]])])
    # Most draws lack the only difference.
    assert "Too few" in interval(odd, alphas).reason
    low, high = interval(odd, lambda sums: ac1s(sums, values=2))
    assert 0.8 < low < high == 1.0
