"""Evaluate results against truth, and keep what came of it."""

from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from typing import IO, Any

from django.db import transaction

from annotations import coverage
from annotations.errors import Invalid, WrongState
from annotations.images import store
from annotations.models import Evaluation, Release, User, audit

from . import results
from .reading import Answer, Line, read_answers

SUBSETS, SPLITS = ("random", "hard"), ("dev", "test")
NAME_LENGTH = 100
# Of a form: results are read at once. The command takes any.
RESULTS_MAX_BYTES = 64 * 1024 * 1024


@transaction.atomic
def evaluate(
    *,
    release: Release,
    subset: str,
    split: str,
    lines: Iterable[Line],
    file: IO[bytes],
    name: str,
    by: User | None,
) -> Evaluation:
    """Read results, measure them and keep both.

    `lines` are those of the set. Invalid names lines that are wrong; WrongState where
    the set shows nobody.
    """
    check_names(subset, split, name)
    set_of = list(lines)
    keys = [line.key for line in set_of]
    if not any(keys):
        raise WrongState("There is no picture of anybody in this subset and split.")
    answers = read_answers(file, set_of, names_truth=split == "dev")
    data = results.written(keys, answers)
    made = Evaluation.objects.create(
        release=release,
        name=name,
        subset=subset,
        split=split,
        sha256=results.digest_of(data),
        figures=_figures(keys, answers),
        created_by=by,
    )
    audit.write("evaluated", by=by, evaluation=made.pk, release=release.pk)
    results.keep(data)
    return made


@transaction.atomic
def delete(*, evaluation: Evaluation, by: User) -> None:
    """Take an evaluation back; its results go with the last that has the same."""
    number, sha256 = evaluation.pk, str(evaluation.sha256)
    evaluation.delete()
    audit.write(
        "evaluation-deleted", by=by, evaluation=number, release=evaluation.release_id
    )
    store.after_commit(partial(results.discard, sha256))


def points_of(evaluation: Evaluation) -> list[coverage.Point]:
    """The curve of an evaluation, from the highest threshold to the lowest."""
    return [coverage.Point(**point) for point in evaluation.figures["curve"]]


def _figures(keys: list[str | None], answers: list[Answer]) -> dict[str, Any]:
    known = [pair for pair in zip(keys, answers, strict=True) if pair[0] is not None]
    answered = [(a.confidence, a.estimated == key) for key, a in known if a.estimated]
    return asdict(coverage.measure(answered, len(known)))


def check_names(subset: str, split: str, name: str) -> None:
    """Invalid names what is no subset, split or name."""
    errors = {}
    if subset not in SUBSETS:
        errors["subset"] = [f"It is one of {', '.join(SUBSETS)}."]
    if split not in SPLITS:
        errors["split"] = [f"It is one of {', '.join(SPLITS)}."]
    if not name.strip() or len(name) > NAME_LENGTH:
        errors["name"] = [f"A name has 1 to {NAME_LENGTH} characters."]
    if errors:
        raise Invalid(errors)
