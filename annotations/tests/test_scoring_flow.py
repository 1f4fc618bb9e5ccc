"""From pictures to calibrated probabilities, with the sample and the drawn people."""

import csv
from uuid import uuid4

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from annotations import scoring
from annotations.models import (
    Assignment,
    Batch,
    Candidate,
    Entity,
    Judgment,
    Score,
    ScorerFit,
)
from annotations.models.pending_scoring import request_scoring
from annotations.scoring import registry
from annotations.scoring.faces import Faces
from labeler import demo

from .factories import UserFactory
from .imported import SAMPLE, counts, face, imported
from .shades import due_now, score_all, use
from .test_scoring_models import auc

pytestmark = pytest.mark.django_db


@pytest.fixture
def scorer(settings):
    """Configure the scorer of faces only."""
    settings.EMBEDDINGS = True
    yield use(settings, Faces)[0]
    registry.configured.cache_clear()


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def import_sample():
    """Import the sample as a faces file. Return labels by entity key and rank."""
    rows = table(SAMPLE / "truth.tsv")
    content = "".join(
        face(r["mid"], r["rank"], r["path"], data=(SAMPLE / r["path"]).read_bytes())
        for r in rows
    )
    counts(imported(content, "faces"))
    return {(r["mid"], int(r["rank"])): r["label"] for r in rows}


def predictions(scorer, labels, entities=None):
    """Return whether each scored candidate is a yes, and its probability."""
    scores = Score.objects.filter(scorer=scorer, outcome="scored")
    if entities is not None:
        scores = scores.filter(candidate__entity__in=entities)
    rows = scores.values_list(
        "candidate__entity__key", "candidate__rank", "probability"
    )
    return [(labels[key, rank] == "yes", p) for key, rank, p in rows]


def brier(pairs):
    """Return the mean squared distance (Brier 1950)."""
    return float(np.mean([(p - is_yes) ** 2 for is_yes, p in pairs]))


def judge_all(entities, labels, admin):
    """Let one judge give the true verdict on every candidate of some entities."""
    judge = UserFactory()
    batch = Batch.objects.create(name="b", created_by=admin, judges_required=1)
    batch.batchjudge_set.create(judge=judge, verdicts=200)
    now = timezone.now()
    rows = []
    for entity in entities:
        candidates = list(Candidate.objects.filter(entity=entity))
        page = Assignment.objects.create(
            batch=batch,
            entity=entity,
            judge=judge,
            candidates=[c.pk for c in candidates],
            places=[1] * len(candidates),
            leased_at=now,
            expires_at=now,
        )
        rows += [
            Judgment(
                batch=batch,
                candidate=candidate,
                judge=judge,
                assignment=page,
                place=1,
                verdict=labels[entity.key, candidate.rank],
                blind_verdict=labels[entity.key, candidate.rank],
                how="key",
                centiseconds=100,
                decided_at=now,
                received_at=now,
                client_id=uuid4(),
            )
            for candidate in candidates
        ]
    Judgment.objects.bulk_create(rows)


@pytest.mark.sample
def test_real_faces_are_recognised_and_calibration_generalises(scorer, admin):
    labels = import_sample()
    score_all()
    first = predictions(scorer, labels)
    assert len(first) > 230
    assert auc(first) >= 0.99
    assert brier(first) < 0.06  # by the prior

    entities = list(Entity.objects.order_by("key"))
    train, test = entities[::2], entities[1::2]
    judge_all(train, labels, admin)
    fit = scoring.refit(scorer=scorer, by=admin)
    assert (fit.method, ScorerFit.objects.count()) == ("sigmoid", 1)
    request_scoring([entity.pk for entity in entities])
    score_all()
    assert {score.fit_id for score in Score.objects.filter(outcome="scored")} == {
        fit.pk
    }
    unseen = predictions(scorer, labels, test)
    assert len(unseen) > 90
    assert brier(unseen) <= 0.03
    assert brier(unseen) < brier(first)


def test_drawn_people_are_recognised(scorer):
    call_command("make_users", verbosity=0)
    call_command("load_demo", verbosity=0)
    due_now()
    score_all()
    path_of = {(r["key"], r["sha256"]): r["path"] for r in table(demo.MANIFEST)}
    truth = {row["path"]: row["verdict"] for row in table(demo.TRUTH)}
    rows = Score.objects.filter(outcome="scored").values_list(
        "candidate__entity__key", "candidate__image__sha256", "probability"
    )
    pairs = [(truth[path_of[k, str(s)]] == "yes", p) for k, s, p in rows]
    assert len(pairs) >= 300
    assert auc(pairs) >= 0.9
    assert not Score.objects.filter(outcome="failed").exists()
