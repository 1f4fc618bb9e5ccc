"""Evaluation of results: both layouts, errors by line, stored results."""

import io

import pytest
from django.core.files.storage import default_storage

from annotations import evaluation
from annotations.errors import Invalid, WrongState
from annotations.models import AuditEntry, Evaluation

from .factories import ReleaseFactory

KEYS = ["m.1", "m.2", "m.3"]


@pytest.fixture
def release(db):
    return ReleaseFactory()


def six(*rows):
    """Return lines of MID, name, URL, FaceID, MID estimated, confidence."""
    return "".join(f"{a}\tname\thttp://x\tFaceId-0\t{b}\t{c}\n" for a, b, c in rows)


def three(*rows):
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def evaluate(release, text, truth=KEYS, split="dev", **how):
    data = text if isinstance(text, bytes) else text.encode()
    how = {"subset": "random", "name": "mine", "by": None} | how
    lines = [evaluation.Line(key, f"http://{key}", "FaceId-0") for key in truth]
    return evaluation.evaluate(
        release=release, lines=lines, split=split, file=io.BytesIO(data), **how
    )


def refused(release, text, **how):
    with pytest.raises(Invalid) as caught:
        evaluate(release, text, **how)
    assert not Evaluation.objects.exists()
    return dict(caught.value.errors)


def test_six_columns_are_matched_by_their_order(release, admin):
    text = six(("m.1", "m.1", 0.9), ("/m/2", "/m/2", ".8"), ("", "m.9", "7e-1"))
    new_evaluation = evaluate(release, text, by=admin)
    assert new_evaluation.figures["coverage"] == {"0.95": 2 / 3, "0.99": 2 / 3}
    assert new_evaluation.figures["threshold"] == {"0.95": 0.8, "0.99": 0.8}
    assert new_evaluation.figures["curve"][2] == {
        "threshold": 0.7,
        "precision": 2 / 3,
        "coverage": 1.0,
    }
    counts = [new_evaluation.figures[name] for name in ("answered", "correct", "m")]
    assert counts == [3, 2, 3]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.by) == ("evaluated", admin)


def test_three_columns_come_in_any_order(release):
    text = three((3, "m.3", 0.5), (1, "m.1", 0.9), (2, "", 0))
    figures = evaluate(release, text).figures
    assert (figures["answered"], figures["correct"], figures["m"]) == (2, 2, 3)
    assert figures["coverage"]["0.99"] == 2 / 3


def test_a_missing_last_newline_and_crlf_are_accepted(release):
    text = "1\tm.1\t1\r\n2\tm.2\t1\r\n3\tm.3\t1"
    assert evaluate(release, text).figures["correct"] == 3


def test_distractors_do_not_count(release):
    truth = [None, "m.1", None, "m.2"]
    text = three((1, "m.1", 0.99), (2, "m.1", 0.9), (3, "", 0), (4, "m.2", 0.8))
    figures = evaluate(release, text, truth=truth, split="test").figures
    assert figures["coverage"] == {"0.95": 1.0, "0.99": 1.0}
    assert (figures["answered"], figures["m"]) == (2, 2)


def test_the_mid_is_ignored_in_the_test_split(release):
    text = six(("m.wrong", "m.1", 0.9), ("", "m.2", 0.8), ("no key", "m.3", 0.7))
    assert evaluate(release, text, split="test").figures["correct"] == 3


def named(*keys):
    """Return lines with the ImageURLs of these keys and without a MID."""
    return "".join(f"\tname\thttp://{key}\tFaceId-0\t{key}\t1\n" for key in keys)


def test_six_columns_in_another_order_or_repeated_are_refused(release):
    assert evaluate(release, named(*KEYS), split="test").figures["correct"] == 3
    Evaluation.objects.all().delete()
    twice = refused(release, named("m.1", "m.1", "m.3"), split="test")
    assert set(twice) == {"line 2"}
    assert "those of line 1 of the set" in twice["line 2"][0]
    reversed_order = refused(release, named("m.3", "m.2", "m.1"), split="test")
    assert set(reversed_order) == {"line 1", "line 3"}


def test_a_long_wrong_confidence_is_refused_fast(release):
    """A regular expression with backtracking takes minutes."""
    cell = "1" * 60_000 + "x"
    text = three(*((n, "m.1", cell) for n in (1, 2, 3)))
    assert len(refused(release, text)) == 3


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (three((1, "m.1", "high"), (2, "m.2", 1), (3, "m.3", 1)), 1, "“high” is not"),
        (three((1, "m.1", 1), (2, "m.2", ""), (3, "m.3", 1)), 2, "“” is not a number"),
        (three((1, "m.1", "nan"), (2, "m.2", 1), (3, "m.3", 1)), 1, "not a number"),
        (three((1, "m.1", 1), (2, "m.2", 1), (3, "m.3", "1e999")), 3, "not a number"),
        (three((1, "m.1", "1_0"), (2, "m.2", 1), (3, "m.3", 1)), 1, "not a number"),
        (three((1, "m.1", "١"), (2, "m.2", 1), (3, "m.3", 1)), 1, "not a number"),
        (three((1, "m.1", 1), (1, "m.2", 1), (3, "m.3", 1)), 2, "Line 1 of the set"),
        (three((1, "m.1", 1), (3, "m.3", 1)), 2, "missing"),
        (three((1, "m.1", 1), (2, "m.2", 1), (4, "m.3", 1)), 3, "there is no line 4"),
        (three((0, "m.1", 1), (2, "m.2", 1), (3, "m.3", 1)), 1, "there is no line 0"),
        (three((-1, "m.1", 1), (2, "m.2", 1), (3, "m.3", 1)), 1, "not a line number"),
        (three((1, "m.1", 1), (2, "m 2", 1), (3, "m.3", 1)), 2, "“m 2” is not a MID"),
        (
            three((1, "m.1", 1), (2, 1), (3, "m.3", 1)),
            2,
            "has 3 columns, separated by TAB. This one has 2",
        ),
        ("1,m.1,0.9\n", 1, "6 or 3 columns, separated by TAB. This one has 1"),
        (three((1, "m.1", 1)) + six(("m.2", "m.2", 1)), 2, "This one has 6"),
        (six(*[("m.1", "m.1", 1)] * 1, ("m.2", "m.2", 1)), 3, "missing"),
        (six(*[(key, key, 1) for key in [*KEYS, "m.4"]]), 4, "The set has 3 lines"),
        (six(("m.1", "m.1", 1), ("m.3", "m.3", 1)), 2, "The MID is m.3; in the set"),
        (b"1\tm.1\t1\n2\t\xff\t1\n3\tm.3\t1\n", 2, "not UTF-8"),
        (b"1\tm.1\t1\n2\t" + b"m" * 70_000 + b"\t1\n3\tm.3\t1\n", 2, "too long"),
    ],
)
def test_an_error_is_reported_by_its_line(release, text, line, message):
    errors = refused(release, text)
    assert list(errors) == [f"line {line}"]
    assert message in errors[f"line {line}"][0]


def test_an_empty_file_is_refused(release):
    assert refused(release, "") == {"file": ["The file is empty."]}


def test_the_first_twenty_errors_are_reported(release):
    truth = [f"m.{n}" for n in range(1, 31)]
    errors = refused(release, "x\n" * 30, truth=truth)
    assert list(errors) == [*(f"line {n}" for n in range(1, 21)), "file"]
    errors = refused(release, three((30, "m.30", 1)), truth=truth)
    assert len(errors) == 21


def test_names_are_checked(release):
    good = three(*[(n, "", 0) for n in (1, 2, 3)])
    assert set(refused(release, good, subset="soft")) == {"subset"}
    assert set(refused(release, good, split="train")) == {"split"}
    assert set(refused(release, good, name=" ")) == {"name"}
    assert set(refused(release, good, name="n" * 101)) == {"name"}


def test_a_set_without_entities_is_not_evaluated(release):
    with pytest.raises(WrongState):
        evaluate(release, three((1, "m.1", 1)), truth=[None])
    with pytest.raises(WrongState):
        evaluate(release, "", truth=[])


def test_wrong_answers_are_listed_by_confidence(release):
    new_evaluation = evaluate(
        release, three((1, "m.2", 0.2), (2, "m.x", 0.9), (3, "", 1), (4, "m.4", 1)),
        truth=[*KEYS, "m.4"],
    )  # fmt: skip
    mistakes = [
        (m.place, m.key, m.estimated) for m in evaluation.mistakes_of(new_evaluation)
    ]
    assert mistakes == [(0, "m.2", "m.x"), (1, "m.1", "m.2")]


def stored_files():
    folders, files = default_storage.listdir("evaluations")
    return sum(
        len(default_storage.listdir(f"evaluations/{a}/{b}")[1])
        for a in folders
        for b in default_storage.listdir(f"evaluations/{a}")[0]
    ) + len(files)


@pytest.mark.django_db(transaction=True)
def test_deleting_the_last_of_equal_evaluations_deletes_the_results(admin):
    release = ReleaseFactory()
    good = three(*[(n, f"m.{n}", 1) for n in (1, 2, 3)])
    first, second = evaluate(release, good), evaluate(release, good)
    evaluation.delete(evaluation=first, by=admin)
    assert stored_files() == 1
    assert evaluation.mistakes_of(second) == []
    evaluation.delete(evaluation=second, by=admin)
    assert stored_files() == 0
    assert not Evaluation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_erased_entity_is_removed_from_stored_results():
    release = ReleaseFactory()
    new_evaluation = evaluate(
        release, three((1, "m.2", 0.9), (2, "m.3", 0.8), (3, "m.1", 0.7))
    )
    unrelated = evaluate(release, three((1, "m.9", 1), (2, "", 1)), truth=["m.8", None])
    figures, digest = new_evaluation.figures, unrelated.sha256
    evaluation.remove_entity("m.2")
    new_evaluation.refresh_from_db()
    unrelated.refresh_from_db()
    assert new_evaluation.figures == figures
    mistakes = [(m.key, m.estimated) for m in evaluation.mistakes_of(new_evaluation)]
    assert mistakes == [("m.3", "m.1")]
    assert unrelated.sha256 == digest
    assert stored_files() == 2


def test_a_byte_order_mark_and_placeholders_are_accepted(release):
    text = b"\xef\xbb\xbf" + three((1, "m.1", 1), (2, "-", 0), (3, "m.3", 1)).encode()
    figures = evaluate(release, text).figures
    assert (figures["answered"], figures["correct"]) == (2, 2)
