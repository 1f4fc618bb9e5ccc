"""`manage.py load_demo` imports the demo like any other files."""

import csv
import io
import time

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from annotations import erasure, queue, verification
from annotations.models import (
    Batch,
    BatchState,
    Candidate,
    CandidateState,
    Entity,
    Role,
    User,
)

from .factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Create the users of `make_users`; return the judges."""
    UserFactory(username="admin", roles=[Role.ADMIN])
    return [UserFactory(username=f"judge{n}") for n in (1, 2, 3)]


def load():
    """Load the demo; return the command's output."""
    out = io.StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_the_demo_is_an_open_batch_for_three_judges(people):
    start = time.monotonic()
    output = load()
    assert time.monotonic() - start < 10
    assert output.count("\n") == 1
    batch = Batch.objects.get()
    assert batch.state == BatchState.OPEN
    assert (batch.judges_required, batch.judges_maximum, batch.page_size) == (2, 3, 30)
    assert set(batch.judges.all()) == set(people)
    assert Entity.objects.count() >= 12
    assert batch.candidates_total == Candidate.objects.count() >= 300
    for judge in people:
        assert queue.lease(judge=judge).candidates
    assert list(verification.verify(files=True)) == []


def test_every_entity_has_a_description_and_its_representative(people):
    load()
    entities = list(Entity.objects.all())
    assert len(entities) >= 12
    for entity in entities:
        assert entity.description
        assert entity.candidates.filter(image__sha256=entity.representative).exists()


def test_broken_files_of_the_demo_are_candidates_to_judge(people):
    load()
    with (settings.BASE_DIR / "labeler/demo/truth.tsv").open(newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        assert "broken" in {cell for row in rows for cell in row.values()}
    assert Candidate.objects.exclude(state=CandidateState.READY).exists()


def test_loading_again_changes_nothing(people):
    load()
    Batch.objects.update(name="renamed by somebody")
    load()
    assert Batch.objects.count() == 1


def test_an_interrupted_load_is_finished_by_the_next(people):
    load()
    queue.release_all(judge=people[0])
    before = Candidate.objects.count()
    Batch.objects.get().batchentity_set.all().delete()
    Batch.objects.get().batchjudge_set.all().delete()
    Batch.objects.all().delete()
    load()
    assert Candidate.objects.count() == before
    assert Batch.objects.get().candidates_total == before


def test_what_was_erased_does_not_come_back_with_the_demo(people):
    load()
    Batch.objects.get().batchentity_set.all().delete()
    Batch.objects.get().batchjudge_set.all().delete()
    Batch.objects.all().delete()
    key = Entity.objects.order_by("pk").first().key
    erasure.erase_entity(key=key, by=None)
    load()
    assert Batch.objects.get().candidates_total > 0
    assert not Entity.objects.filter(key=key).exists()


def test_without_an_admin_it_says_what_to_do(db):
    with pytest.raises(CommandError, match="make_users"):
        load()
    assert not User.objects.exists()
