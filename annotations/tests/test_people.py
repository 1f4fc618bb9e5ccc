"""People: who may come in and what changes when somebody leaves."""

from .factories import CandidateFactory


def test_factories_make_rows(admin, judge, other_judge, stranger, adjudicator, api):
    assert CandidateFactory(unreadable=True).image.problem
    assert api(judge)
