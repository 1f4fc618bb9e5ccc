"""Precision and coverage: the worked example, ties, and the definition by brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.coverage import measure, precision_at

# Ten pictures: confidence, and whether the answer is correct.
EXAMPLE = [
    *[(0.99, True), (0.97, True), (0.95, True), (0.93, True), (0.90, False)],
    *[(0.88, True), (0.86, True), (0.84, True), (0.80, False), (0.60, True)],
]


def by_definition(answers, m, asked):
    """Return the greatest coverage by trying each threshold, in integers."""
    best = (0.0, None)
    numerator, denominator = {"0.95": (95, 100), "0.99": (99, 100)}[asked]
    for threshold, _ in answers:
        results = [
            is_right for confidence, is_right in answers if confidence >= threshold
        ]
        is_enough = sum(results) * denominator >= numerator * len(results)
        if is_enough and len(results) / m > best[0]:
            best = (len(results) / m, threshold)
    return best


def test_the_worked_example_has_the_figures_of_the_paper():
    precisions = ("0.99", "0.95", "0.85", "0.80", "0.75")
    measurement = measure(EXAMPLE, 10, precisions)
    assert list(measurement.coverage.values()) == [0.4, 0.4, 0.8, 1.0, 1.0]
    assert list(measurement.threshold.values()) == [0.93, 0.93, 0.84, 0.60, 0.60]
    assert (measurement.answered, measurement.correct, measurement.m) == (10, 8, 10)


def test_the_search_continues_after_a_dip_in_precision():
    answers = [(0.9, False), *[(0.8 - n / 1000, True) for n in range(99)]]
    measurement = measure(answers, 100)
    assert measurement.curve[0].precision == 0.0
    assert measurement.coverage == {"0.95": 1.0, "0.99": 1.0}


def test_equal_confidences_are_one_point():
    answers = [(0.9, True), (0.5, True), (0.5, False)]
    measurement = measure(answers, 4)
    assert [p.threshold for p in measurement.curve] == [0.9, 0.5]
    assert measurement.coverage == {"0.95": 0.25, "0.99": 0.25}
    assert measure([(0.5, True), (0.5, False)], 2).coverage["0.95"] == 0.0


def test_unanswered_pictures_count_in_m_only():
    measurement = measure([(0.7, True)], 20)
    assert measurement.coverage == {"0.95": 0.05, "0.99": 0.05}
    assert (measurement.answered, measurement.correct, measurement.m) == (1, 1, 20)


def test_there_is_no_threshold_without_enough_precision():
    measurement = measure([(0.7, False), (0.6, True)], 2)
    assert measurement.coverage == {"0.95": 0.0, "0.99": 0.0}
    assert measurement.threshold == {"0.95": None, "0.99": None}
    empty = measure([], 3)
    assert (empty.curve, empty.coverage["0.95"]) == ([], 0.0)


def test_the_exact_minimum_is_enough():
    answers = [(0.9, True)] * 19 + [(0.9, False)]
    assert measure(answers, 20).coverage == {"0.95": 1.0, "0.99": 0.0}


def test_more_answers_than_pictures_are_an_error():
    with pytest.raises(ValueError, match="at most m"):
        measure([(0.1, True)] * 2, 1)
    with pytest.raises(ValueError, match="at least 1"):
        measure([], 0)


def test_a_long_curve_is_thinned_out_and_keeps_the_best_points():
    answers = [(1 - n / 50_000, n % 40 != 39) for n in range(20_000)]
    measurement = measure(answers, 20_000)
    assert len(measurement.curve) <= 1000
    thresholds = [p.threshold for p in measurement.curve]
    assert thresholds == sorted(set(thresholds), reverse=True)
    assert (thresholds[0], thresholds[-1]) == (answers[0][0], answers[-1][0])
    for precision in ("0.95", "0.99"):
        coverage, threshold = (
            measurement.coverage[precision],
            measurement.threshold[precision],
        )
        points = [p for p in measurement.curve if p.threshold == threshold]
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
def test_results_match_the_definition(answers, without_answer):
    m = len(answers) + without_answer
    if m == 0:
        return
    measurement = measure(answers, m)
    for precision in ("0.95", "0.99"):
        expected = by_definition(answers, m, precision)
        assert (
            measurement.coverage[precision],
            measurement.threshold[precision],
        ) == expected


# Nearly all correct, so that both precisions are reached.
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30).map(bool)), min_size=1))
def test_good_results_match_the_definition(answers):
    measurement = measure(answers, len(answers))
    for precision in ("0.95", "0.99"):
        expected = by_definition(answers, len(answers), precision)
        assert (
            measurement.coverage[precision],
            measurement.threshold[precision],
        ) == expected
