"""The page of a judge: what it shows and what it hides."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations import page, queue
from annotations.models import Alias, Candidate, CandidateState

from .desk import batch_of, say, say_all
from .factories import CandidateFactory

pytestmark = pytest.mark.django_db


def leased(judge):
    return page.build_page(queue.lease(judge=judge))


def test_tiles_are_in_the_page_s_order_under_tile_ids(judge):
    batch_of(judge, order="uncertain", candidates=8)
    view = leased(judge)
    assert [tile.id for tile in view.tiles] == [
        f"{view.assignment.pk}.{n}" for n in range(8)
    ]
    ranks = dict(Candidate.objects.values_list("pk", "rank"))
    assert [tile.rank for tile in view.tiles] == [
        ranks[c] for c in view.assignment.candidates
    ]


def test_only_the_judge_s_verdicts_are_shown(judge, other_judge):
    batch_of(judge, other_judge)
    other_assignment = queue.lease(judge=other_judge)
    say_all(other_judge, other_assignment, "no")
    assignment = queue.lease(judge=judge)
    say(judge, assignment, 1, "yes")
    verdicts = [tile.verdict for tile in page.build_page(assignment).tiles]
    assert verdicts == [None, "yes", None]


def test_done_and_total_count_the_judge_s_pages_only(judge, other_judge):
    batch_of(judge, other_judge, candidates=7, page_size=3)
    say_all(other_judge, queue.lease(judge=other_judge))
    first = leased(judge)
    assert (first.done, first.total) == (0, 3)
    say_all(judge, first.assignment)
    assert (leased(judge).done, leased(judge).total) == (1, 3)


def test_unreadable_and_erased_candidates_are_marked(judge):
    batch_of(judge, candidates=2)
    assignment = queue.lease(judge=judge)
    Candidate.objects.filter(pk=assignment.candidates[0]).update(
        state=CandidateState.UNREADABLE
    )
    Candidate.objects.filter(pk=assignment.candidates[1]).update(
        state=CandidateState.ERASED, image=None
    )
    first, second = page.build_page(assignment).tiles
    assert (first.is_unreadable, first.is_erased) == (True, False)
    assert (second.is_unreadable, second.is_erased) == (False, True)


def test_the_representative_is_the_named_picture_else_the_first_ready(judge):
    batch_of(judge, candidates=1)
    view = leased(judge)
    assert view.representative.pk == view.assignment.candidates[0]
    assert view.is_representative_verified is False
    representative = CandidateFactory(entity=view.entity, rank=99)
    view.entity.representative = representative.image.sha256
    view.entity.save()
    second_view = leased(judge)
    assert (second_view.representative, second_view.is_representative_verified) == (
        representative,
        True,
    )


def test_other_names_are_shown(judge):
    batch_of(judge)
    entity = leased(judge).entity
    Alias.objects.create(entity=entity, name="Aka", language="fr")
    assert leased(judge).aliases == ["Aka"]


def test_the_display_name_is_not_an_alias(judge):
    batch_of(judge)
    view = leased(judge)
    for name in (view.entity.name, "Persona"):
        Alias.objects.create(entity=view.entity, name=name, language="en")
    assert leased(judge).aliases == ["Persona"]


def test_a_larger_page_costs_no_more_queries(judge):
    counts = []
    for size in (3, 30):
        batch = batch_of(judge, candidates=size, page_size=size)
        assignment = queue.lease(judge=judge, batch=batch)
        with CaptureQueriesContext(connection) as queries:
            page.build_page(assignment)
        counts.append(len(queries))
    assert counts[0] == counts[1]
