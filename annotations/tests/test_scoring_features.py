"""What is compared with what: references, the best face, an entity's other pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.scoring.base import FEATURES, Detection
from annotations.scoring.features import NEAREST, REFERENCES, Item, compare

X, Y, Z = np.eye(3, dtype=np.float32)


def face(vector, side=50.0, detection=0.9):
    vector = np.asarray(vector, np.float32)
    return Detection(vector / np.linalg.norm(vector), (0, 0, 1, 1), side, detection)


def item(number, *vectors, sha256=None, **about):
    found = [face(vector) for vector in vectors]
    return Item(number, sha256 or f"picture {number}", number, found, **about)


def test_the_largest_face_of_the_representative_is_the_reference():
    named = item(1, X, Y, is_named=True)  # the largest first
    found = compare([named, item(2, X), item(3, Y)])
    assert found[2].similarity == pytest.approx(1)
    assert found[3].similarity == pytest.approx(0)


def test_of_several_faces_the_best_matching_one_counts():
    found = compare([item(1, X, is_named=True), item(2, Y, X + 0.1 * Y, Z)])
    assert found[2].similarity == pytest.approx(1 / np.sqrt(1.01))
    assert found[2].face.vector @ X > 0.9


def test_a_settled_picture_counts_by_the_face_that_is_nearest_to_the_representative():
    group = item(2, Y, X, is_settled=True)  # the bystander Y is larger
    found = compare([item(1, X, is_named=True), group, item(3, Y)])
    assert found[3].similarity == pytest.approx(0)
    assert found[3].references == 2


def test_the_first_by_rank_stays_a_reference_beside_settled_ones():
    first, settled = item(1, Y), item(2, X, is_settled=True)
    found = compare([first, settled, item(3, X)])
    assert found[3].similarity == pytest.approx(1)
    assert [found[n].references for n in (1, 2, 3)] == [1, 1, 2]


def test_what_people_refused_is_no_reference():
    first, named = item(1, Y, is_refused=True), item(2, Y, is_named=True)
    refused = item(2, Y, is_named=True, is_refused=True)
    assert compare([first, named, item(3, X)])[3].references == 1
    found = compare([first, refused, item(3, X), item(4, X)])
    assert found[4].similarity == pytest.approx(1)  # the first that is left
    assert found[1].similarity == pytest.approx(0)


def test_a_first_picture_that_shows_nothing_leaves_its_place_to_the_next():
    found = compare([item(1), item(2, X), item(3, X)])
    assert found[3].similarity == pytest.approx(1)


def test_thousands_of_settled_pictures_are_compared_with_as_many_as_help():
    some = [item(n, X, is_settled=True) for n in range(1_000)]
    assert compare([*some, item(9_999, X)])[9_999].references == REFERENCES


def test_nothing_is_compared_with_its_own_picture():
    named = item(1, X, is_named=True, sha256="same")
    twin = item(2, X, sha256="same")
    found = compare([named, twin, item(3, X)])
    assert found[1].outcome == found[2].outcome == "no-reference"
    assert found[1].similarity is None
    assert found[2].cohesion == pytest.approx(1)  # with the third only
    assert found[3].outcome == "scored"


def test_without_any_reference_nothing_is_made_up():
    found = compare([item(1, X)])
    assert found[1].outcome == "no-reference"
    assert found[1].similarity is None


def test_pictures_without_a_find_are_left_out():
    assert compare([item(1), item(2)]) == {}
    assert list(compare([item(1), item(2, X)])) == [2]


def test_cohesion_is_the_mean_of_the_most_similar_others():
    others = [item(n, X) for n in range(2, 2 + NEAREST)]
    found = compare([item(1, X, is_named=True), *others, item(99, Y)])
    assert found[1].cohesion == pytest.approx(1)
    assert found[99].cohesion == pytest.approx(0)
    alone = compare([item(1, X, is_named=True)])
    assert alone[1].cohesion is None


def test_features_come_in_their_order_with_nan_for_what_there_is_not():
    found = compare([item(1, X, is_named=True), item(2, X)])
    values = dict(zip(FEATURES, found[2].features(None), strict=True))
    assert np.isnan(values["rank"])
    assert values["similarity"] == values["cohesion"] == pytest.approx(1)
    assert (values["detection"], values["side"]) == (0.9, 50)


vectors = st.lists(
    st.tuples(*[st.floats(-1, 1, width=32)] * 3).filter(lambda v: max(v) > 0.01),
    min_size=1,
    max_size=3,
)


@given(st.lists(vectors, min_size=2, max_size=8))
def test_similarities_are_cosines_whatever_is_compared(pictures):
    items = [item(n, *some, is_named=n == 0) for n, some in enumerate(pictures)]
    for each in compare(items).values():
        for value in (each.similarity, each.cohesion):
            assert value is None or -1 <= value <= 1
