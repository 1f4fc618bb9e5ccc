"""Precision and coverage: the worked example, ties, and the definition by brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.coverage import measure, precision_at

# Ten pictures: confidence, and whether the answer is right.
EXAMPLE = [
    *[(0.99, True), (0.97, True), (0.95, True), (0.93, True), (0.90, False)],
    *[(0.88, True), (0.86, True), (0.84, True), (0.80, False), (0.60, True)],
]


def by_definition(answers, m, asked):
    """Each threshold by itself, in whole numbers."""
    best = (0.0, None)
    numerator, denominator = {"0.95": (95, 100), "0.99": (99, 100)}[asked]
    for threshold, _ in answers:
        taken = [
            is_right for confidence, is_right in answers if confidence >= threshold
        ]
        is_enough = sum(taken) * denominator >= numerator * len(taken)
        if is_enough and len(taken) / m > best[0]:
            best = (len(taken) / m, threshold)
    return best


def test_the_worked_example_comes_to_the_figures_of_the_paper():
    asked = ("0.99", "0.95", "0.85", "0.80", "0.75")
    found = measure(EXAMPLE, 10, asked)
    assert list(found.coverage.values()) == [0.4, 0.4, 0.8, 1.0, 1.0]
    assert list(found.threshold.values()) == [0.93, 0.93, 0.84, 0.60, 0.60]
    assert (found.answered, found.correct, found.m) == (10, 8, 10)


def test_a_dip_in_precision_ends_nothing():
    answers = [(0.9, False), *[(0.8 - n / 1000, True) for n in range(99)]]
    found = measure(answers, 100)
    assert found.curve[0].precision == 0.0
    assert found.coverage == {"0.95": 1.0, "0.99": 1.0}


def test_equal_confidences_enter_together():
    answers = [(0.9, True), (0.5, True), (0.5, False)]
    found = measure(answers, 4)
    assert [p.threshold for p in found.curve] == [0.9, 0.5]
    assert found.coverage == {"0.95": 0.25, "0.99": 0.25}
    assert measure([(0.5, True), (0.5, False)], 2).coverage["0.95"] == 0.0


def test_what_is_not_answered_counts_in_m_alone():
    found = measure([(0.7, True)], 20)
    assert found.coverage == {"0.95": 0.05, "0.99": 0.05}
    assert (found.answered, found.correct, found.m) == (1, 1, 20)


def test_where_no_threshold_is_precise_enough_there_is_none():
    found = measure([(0.7, False), (0.6, True)], 2)
    assert found.coverage == {"0.95": 0.0, "0.99": 0.0}
    assert found.threshold == {"0.95": None, "0.99": None}
    nothing = measure([], 3)
    assert (nothing.curve, nothing.coverage["0.95"]) == ([], 0.0)


def test_exactly_enough_is_enough():
    answers = [(0.9, True)] * 19 + [(0.9, False)]
    assert measure(answers, 20).coverage == {"0.95": 1.0, "0.99": 0.0}


def test_more_answers_than_pictures_are_a_mistake():
    with pytest.raises(ValueError, match="at most m"):
        measure([(0.1, True)] * 2, 1)
    with pytest.raises(ValueError, match="at least 1"):
        measure([], 0)


def test_a_long_curve_is_thinned_and_exact_where_it_matters():
    answers = [(1 - n / 50_000, n % 40 != 39) for n in range(20_000)]
    found = measure(answers, 20_000)
    assert len(found.curve) <= 1000
    thresholds = [p.threshold for p in found.curve]
    assert thresholds == sorted(set(thresholds), reverse=True)
    assert (thresholds[0], thresholds[-1]) == (answers[0][0], answers[-1][0])
    for asked in ("0.95", "0.99"):
        coverage, threshold = found.coverage[asked], found.threshold[asked]
        points = [p for p in found.curve if p.threshold == threshold]
        assert [p.coverage for p in points] == [coverage]


def test_the_curve_is_read_at_a_coverage():
    points = measure(EXAMPLE, 10).curve
    assert precision_at(points, 0.0) == 1.0
    assert precision_at(points, 0.41) == 0.8
    assert precision_at(points, 1.0) == 0.8
    assert precision_at(points, 1.01) is None


# Few different confidences, so that ties are common.
@given(
    st.lists(st.tuples(st.integers(-3, 30).map(lambda n: n / 10), st.booleans())),
    st.integers(0, 20),
)
def test_it_is_what_the_definition_says(answers, without_answer):
    m = len(answers) + without_answer
    if m == 0:
        return
    found = measure(answers, m)
    for asked in ("0.95", "0.99"):
        expected = by_definition(answers, m, asked)
        assert (found.coverage[asked], found.threshold[asked]) == expected


# Nearly all right, where the two precisions lie.
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30).map(bool)), min_size=1))
def test_it_is_what_the_definition_says_of_good_results(answers):
    found = measure(answers, len(answers))
    for asked in ("0.95", "0.99"):
        expected = by_definition(answers, len(answers), asked)
        assert (found.coverage[asked], found.threshold[asked]) == expected
