"""Verification of stored results, and simultaneous changes of equal results."""

import threading

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction

from annotations import evaluation, verification
from annotations.evaluation import results
from annotations.models import Evaluation

from .factories import ReleaseFactory
from .pictures import aged
from .test_evaluation import evaluate, three

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = three(*[(n, f"m.{n}", 1) for n in (1, 2, 3)])


def file_differences(**options):
    """Return the differences in files that verification finds."""
    differences = verification.verify(files=True, **options)
    return [str(d) for d in differences if "file" in d.where]


def test_old_results_of_no_evaluation_are_deleted():
    with transaction.atomic():
        path = results.storage_path(evaluate(ReleaseFactory(), GOOD).sha256)
        transaction.set_rollback(True)
    assert not Evaluation.objects.exists()
    assert file_differences(fix=True) == []
    aged(path)
    assert file_differences(fix=True) == [
        f"file {path}: of no evaluation, should be not there (mended)"
    ]
    assert not default_storage.exists(path)


def test_lost_results_are_reported_and_cannot_be_fixed():
    evaluated = evaluate(ReleaseFactory(), GOOD)
    aged(results.storage_path(evaluated.sha256))
    assert file_differences() == []
    default_storage.delete(results.storage_path(evaluated.sha256))
    [difference] = file_differences(fix=True)
    assert f"results of evaluation {evaluated.pk}" in difference
    assert "mended" not in difference


def test_results_without_remaining_lines_are_not_lost():
    evaluate(ReleaseFactory(), three((1, "m.2", 1)), truth=["m.1"])
    evaluation.remove_entity("m.1")
    assert file_differences() == []


def test_equal_results_of_a_running_evaluation_are_not_deleted(admin):
    release = ReleaseFactory()
    first = evaluate(release, GOOD)
    thread = threading.Thread(target=delete, args=(first, admin))
    with transaction.atomic():
        second = evaluate(release, GOOD)
        thread.start()
        thread.join(timeout=1)
    thread.join()
    assert list(Evaluation.objects.all()) == [second]
    assert evaluation.mistakes_of(second) == []


def delete(evaluated, by):
    """Delete an evaluation on another connection."""
    try:
        evaluation.delete(evaluation=evaluated, by=by)
    finally:
        connection.close()
