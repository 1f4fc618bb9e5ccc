"""A judge's agreement with the others, once a day and over independent verdicts only."""

import itertools
from datetime import timedelta

import pytest

from annotations import agreement, queue, tasks
from annotations.agreement import peers
from annotations.models import BatchJudge, Judgment

from .desk import batch_of, say
from .factories import UserFactory

pytestmark = pytest.mark.django_db


def said(batch, words):
    """Let the judge of each word give its verdicts on the batch's candidates in order."""
    verdicts = {"y": "yes", "n": "no", "b": "broken", "s": "skip"}
    for judge, word in words.items():
        page = queue.lease(judge=judge, batch=batch)
        order = sorted(range(len(page.candidates)), key=lambda n: page.candidates[n])
        for position, letter in zip(order, word, strict=True):
            if letter != "-":
                assert say(judge, page, position, verdicts[letter]) == "recorded"


@pytest.fixture
def three():
    """Return three judges."""
    return [UserFactory() for _ in range(3)]


def shown(judges, candidates=5, **rules):
    rules = {"judges_required": 3, **rules}
    batch = batch_of(*judges, candidates=candidates, **rules)
    type(batch).objects.filter(pk=batch.pk).update(shows_agreement=True)
    return batch


def figures(batch, judges):
    members = {m.judge_id: m for m in BatchJudge.objects.filter(batch=batch)}
    return [(members[j.pk].agreement, members[j.pk].shared) for j in judges]


def test_it_is_the_mean_share_of_the_others_with_the_same_verdict(three):
    batch = shown(three)
    words = ["yynb-", "ynns-", "ynyby"]
    said(batch, dict(zip(three, words, strict=True)))
    assert agreement.compare_judges(batch.pk)
    expected = []
    for n, word in enumerate(words):
        shares = []
        for place, letter in enumerate(word):
            peer_letters = [w[place] for m, w in enumerate(words) if m != n]
            peer_letters = [
                peer_letter for peer_letter in peer_letters if peer_letter not in "s-"
            ]
            if letter not in "s-" and peer_letters:
                shares.append(
                    sum(o == letter for o in peer_letters) / len(peer_letters)
                )
        expected.append((pytest.approx(sum(shares) / len(shares)), len(shares)))
    assert figures(batch, three) == expected


def test_verdicts_after_seeing_votes_do_not_count(three):
    batch = shown(three)
    said(batch, dict.fromkeys(three, "yyyyy"))
    Judgment.objects.filter(judge=three[0]).update(blind_verdict=None)
    agreement.compare_judges(batch.pk)
    assert figures(batch, three) == [(None, 0), (1.0, 5), (1.0, 5)]


def test_a_correction_after_seeing_votes_does_not_count(three):
    batch = shown(three)
    said(batch, dict.fromkeys(three, "yyyyy"))
    Judgment.objects.filter(judge=three[0]).update(verdict="no")
    agreement.compare_judges(batch.pk)
    assert {a for a, _ in figures(batch, three)} == {1.0}


def test_judges_of_different_batches_are_not_compared(three):
    first, second = shown(three), shown(three)
    said(first, {three[0]: "yyyyy"})
    said(second, {three[1]: "nnnnn"})
    for batch in (first, second):
        agreement.compare_judges(batch.pk)
        assert figures(batch, three) == [(None, 0)] * 3


def test_it_changes_at_most_once_a_day(three, monkeypatch):
    batch = shown(three)
    said(batch, dict.fromkeys(three[:2], "yyyyy"))
    assert agreement.batches_to_compare() == [batch.pk]
    assert agreement.compare_judges(batch.pk)
    before = figures(batch, three)
    said(batch, {three[2]: "nnnnn"})
    assert agreement.batches_to_compare() == []
    assert not agreement.compare_judges(batch.pk)
    assert figures(batch, three) == before
    tomorrow = peers._midnight() + timedelta(days=1)
    monkeypatch.setattr(peers, "_midnight", lambda: tomorrow)
    assert agreement.compare_judges(batch.pk)
    assert figures(batch, three) != before


def test_only_batches_that_show_it_are_compared(three, monkeypatch):
    hidden, shown_batch = shown(three), shown(three)
    type(hidden).objects.filter(pk=hidden.pk).update(shows_agreement=False)
    messages = []
    monkeypatch.setattr(tasks.compare_judges_of, "delay", messages.append)
    tasks.compare_judges()
    assert messages == [shown_batch.pk]
    said(hidden, dict.fromkeys(three, "yyyyy"))
    tasks.compare_judges_of(hidden.pk)
    assert figures(hidden, three) == [(None, 0)] * 3


def test_a_timeout_keeps_the_old_figures(three, monkeypatch):
    batch = shown(three)
    said(batch, dict.fromkeys(three, "yyyyy"))
    BatchJudge.objects.filter(batch=batch).update(agreement=0.5, shared=60)
    slow = "WITH slept AS (SELECT pg_sleep(3)) UPDATE annotations_batchjudge m SET shared = 0 FROM slept"
    monkeypatch.setattr(peers, "COMPARE", slow)
    monkeypatch.setattr(peers, "TIMEOUT_SECONDS", 1)
    assert not agreement.compare_judges(batch.pk)
    assert figures(batch, three) == [(0.5, 60)] * 3
    assert agreement.batches_to_compare() == [batch.pk]


def test_every_pair_of_verdicts_is_compared():
    for first, second in itertools.product("ynb", repeat=2):
        judges = [UserFactory() for _ in range(2)]
        batch = shown(judges, candidates=1, judges_required=2)
        said(batch, dict(zip(judges, (first, second), strict=True)))
        agreement.compare_judges(batch.pk)
        assert figures(batch, judges) == [(float(first == second), 1)] * 2
