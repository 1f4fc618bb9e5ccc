"""Stored results against evaluations; equal ones that come and go at once."""

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


def told(**how):
    """What verification finds about files."""
    found = verification.verify(files=True, **how)
    return [str(each) for each in found if "file" in each.where]


def test_results_of_no_evaluation_go_once_they_are_old():
    with transaction.atomic():
        stored = results.stored_name(evaluate(ReleaseFactory(), GOOD).sha256)
        transaction.set_rollback(True)
    assert not Evaluation.objects.exists()
    assert told(fix=True) == []
    aged(stored)
    assert told(fix=True) == [
        f"file {stored}: of no evaluation, should be not there (mended)"
    ]
    assert not default_storage.exists(stored)


def test_lost_results_are_told_and_stay_wrong():
    made = evaluate(ReleaseFactory(), GOOD)
    aged(results.stored_name(made.sha256))
    assert told() == []
    default_storage.delete(results.stored_name(made.sha256))
    [lost] = told(fix=True)
    assert f"results of evaluation {made.pk}" in lost
    assert "mended" not in lost


def test_results_without_any_line_left_are_not_lost():
    evaluate(ReleaseFactory(), three((1, "m.2", 1)), truth=["m.1"])
    evaluation.forget("m.1")
    assert told() == []


def test_equal_results_that_are_on_their_way_are_not_discarded(admin):
    release = ReleaseFactory()
    first = evaluate(release, GOOD)
    deleting = threading.Thread(target=deleted, args=(first, admin))
    with transaction.atomic():
        second = evaluate(release, GOOD)
        deleting.start()
        deleting.join(timeout=1)
    deleting.join()
    assert list(Evaluation.objects.all()) == [second]
    assert evaluation.mistakes_of(second) == []


def deleted(made, by):
    """Delete an evaluation on a connection of its own."""
    try:
        evaluation.delete(evaluation=made, by=by)
    finally:
        connection.close()
