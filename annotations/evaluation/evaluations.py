"""Evaluate results against the truth, and store the figures."""

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
from .answers import Answer, Line, read_answers

SUBSETS, SPLITS = ("random", "hard"), ("dev", "test")
NAME_LENGTH = 100
# Limit for uploads, which are read at once. The command has no limit.
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
    """Read results, measure them, and store both results and figures.

    `lines` are the lines of the set. Raises Invalid with the wrong lines, and WrongState
    if no line of the set shows an entity.
    """
    check_names(subset, split, name)
    set_lines = list(lines)
    keys = [line.key for line in set_lines]
    if not any(keys):
        raise WrongState("This subset and split has no picture of an entity.")
    answers = read_answers(file, set_lines, names_truth=split == "dev")
    data = results.serialise(keys, answers)
    evaluation = Evaluation.objects.create(
        release=release,
        name=name,
        subset=subset,
        split=split,
        sha256=results.digest_of(data),
        figures=_figures(keys, answers),
        created_by=by,
    )
    audit.write("evaluated", by=by, evaluation=evaluation.pk, release=release.pk)
    results.store_results(data)
    return evaluation


@transaction.atomic
def delete(*, evaluation: Evaluation, by: User) -> None:
    """Delete an evaluation, and its results unless another evaluation has the same."""
    evaluation_id, sha256 = evaluation.pk, str(evaluation.sha256)
    evaluation.delete()
    audit.write(
        "evaluation-deleted",
        by=by,
        evaluation=evaluation_id,
        release=evaluation.release_id,
    )
    store.after_commit(partial(results.discard, sha256))


def curve_of(evaluation: Evaluation) -> list[coverage.Point]:
    """Return the curve of an evaluation, from the highest threshold to the lowest."""
    return [coverage.Point(**point) for point in evaluation.figures["curve"]]


def _figures(keys: list[str | None], answers: list[Answer]) -> dict[str, Any]:
    pairs = [pair for pair in zip(keys, answers, strict=True) if pair[0] is not None]
    scored = [(a.confidence, a.estimated == key) for key, a in pairs if a.estimated]
    return asdict(coverage.measure(scored, len(pairs)))


def check_names(subset: str, split: str, name: str) -> None:
    """Raise Invalid for an unknown subset or split, or a name of a wrong length."""
    errors = {}
    if subset not in SUBSETS:
        errors["subset"] = [f"Must be one of {', '.join(SUBSETS)}."]
    if split not in SPLITS:
        errors["split"] = [f"Must be one of {', '.join(SPLITS)}."]
    if not name.strip() or len(name) > NAME_LENGTH:
        errors["name"] = [f"Enter a name of 1 to {NAME_LENGTH} characters."]
    if errors:
        raise Invalid(errors)
