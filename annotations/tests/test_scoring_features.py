"""Comparisons: references, best matching faces, and an entity's other pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.scoring.base import FEATURES, Detection
from annotations.scoring.features import NEAREST, REFERENCES, Subject, compare

X, Y, Z = np.eye(3, dtype=np.float32)


def face(vector, side=50.0, detection=0.9):
    vector = np.asarray(vector, np.float32)
    return Detection(vector / np.linalg.norm(vector), (0, 0, 1, 1), side, detection)


def subject(number, *vectors, sha256=None, **properties):
    faces = [face(vector) for vector in vectors]
    return Subject(number, sha256 or f"picture {number}", number, faces, **properties)


def test_the_largest_face_of_the_representative_is_the_reference():
    representative = subject(1, X, Y, is_named=True)  # the largest first
    comparisons = compare([representative, subject(2, X), subject(3, Y)])
    assert comparisons[2].similarity == pytest.approx(1)
    assert comparisons[3].similarity == pytest.approx(0)


def test_the_best_matching_of_several_faces_counts():
    comparisons = compare([subject(1, X, is_named=True), subject(2, Y, X + 0.1 * Y, Z)])
    assert comparisons[2].similarity == pytest.approx(1 / np.sqrt(1.01))
    assert comparisons[2].face.vector @ X > 0.9


def test_the_face_nearest_to_the_representative_counts_in_a_settled_picture():
    group = subject(2, Y, X, is_settled=True)  # the bystander Y is larger
    comparisons = compare([subject(1, X, is_named=True), group, subject(3, Y)])
    assert comparisons[3].similarity == pytest.approx(0)
    assert comparisons[3].references == 2


def test_the_first_by_rank_is_a_reference_beside_settled_pictures():
    first, second = subject(1, Y), subject(2, X, is_settled=True)
    comparisons = compare([first, second, subject(3, X)])
    assert comparisons[3].similarity == pytest.approx(1)
    assert [comparisons[n].references for n in (1, 2, 3)] == [1, 1, 2]


def test_a_refused_picture_is_no_reference():
    first, representative = subject(1, Y, is_refused=True), subject(2, Y, is_named=True)
    refused_one = subject(2, Y, is_named=True, is_refused=True)
    assert compare([first, representative, subject(3, X)])[3].references == 1
    comparisons = compare([first, refused_one, subject(3, X), subject(4, X)])
    assert comparisons[4].similarity == pytest.approx(
        1
    )  # the first that is not refused
    assert comparisons[1].similarity == pytest.approx(0)


def test_the_next_picture_replaces_a_first_one_without_detections():
    comparisons = compare([subject(1), subject(2, X), subject(3, X)])
    assert comparisons[3].similarity == pytest.approx(1)


def test_the_number_of_references_is_limited():
    subjects = [subject(n, X, is_settled=True) for n in range(1_000)]
    assert compare([*subjects, subject(9_999, X)])[9_999].references == REFERENCES


def test_no_picture_is_compared_with_itself():
    representative = subject(1, X, is_named=True, sha256="same")
    twin = subject(2, X, sha256="same")
    comparisons = compare([representative, twin, subject(3, X)])
    assert comparisons[1].outcome == comparisons[2].outcome == "no-reference"
    assert comparisons[1].similarity is None
    assert comparisons[2].cohesion == pytest.approx(1)  # with the third only
    assert comparisons[3].outcome == "scored"


def test_without_a_reference_there_is_no_similarity():
    comparisons = compare([subject(1, X)])
    assert comparisons[1].outcome == "no-reference"
    assert comparisons[1].similarity is None


def test_pictures_without_a_detection_are_left_out():
    assert compare([subject(1), subject(2)]) == {}
    assert list(compare([subject(1), subject(2, X)])) == [2]


def test_cohesion_is_the_mean_of_the_most_similar_other_pictures():
    nearest = [subject(n, X) for n in range(2, 2 + NEAREST)]
    comparisons = compare([subject(1, X, is_named=True), *nearest, subject(99, Y)])
    assert comparisons[1].cohesion == pytest.approx(1)
    assert comparisons[99].cohesion == pytest.approx(0)
    comparisons = compare([subject(1, X, is_named=True)])
    assert comparisons[1].cohesion is None


def test_features_are_in_order_with_nan_for_missing_values():
    comparisons = compare([subject(1, X, is_named=True), subject(2, X)])
    values = dict(zip(FEATURES, comparisons[2].features(None), strict=True))
    assert np.isnan(values["rank"])
    assert values["similarity"] == values["cohesion"] == pytest.approx(1)
    assert (values["detection"], values["side"]) == (0.9, 50)


vectors = st.lists(
    st.tuples(*[st.floats(-1, 1, width=32)] * 3).filter(lambda v: max(v) > 0.01),
    min_size=1,
    max_size=3,
)


@given(st.lists(vectors, min_size=2, max_size=8))
def test_similarities_are_cosines(pictures):
    subjects = [subject(n, *faces, is_named=n == 0) for n, faces in enumerate(pictures)]
    comparisons = compare(subjects)
    assert comparisons.keys() == {s.candidate for s in subjects if s.detections}
    for comparison in comparisons.values():
        for value in (comparison.similarity, comparison.cohesion):
            assert value is None or -1 <= value <= 1
