"""People of every kind, a store of their own for each test, and API clients."""

from types import SimpleNamespace

import pytest
from knox.models import AuthToken
from rest_framework.test import APIClient

from annotations import batches, tasks
from annotations.models import Role
from labeler.celery import app

from .factories import CandidateFactory, EntityFactory, UserFactory


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    """Pictures and uploads of a test lie in its own folder."""
    folder = tmp_path / "store"
    default = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder)},
    }
    settings.STORAGES = {**settings.STORAGES, "default": default}
    return folder


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Real hashing takes a third of a second, on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def worker_at_hand():
    """Tasks run where they are sent; the broker has tests of its own."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def admin(db):
    """Somebody who may do everything."""
    return UserFactory(username="ada", roles=[Role.ADMIN])


@pytest.fixture
def judge(db):
    """The judge of whom a test tells."""
    return UserFactory(username="jo")


@pytest.fixture
def other_judge(db):
    """A second judge, of the same batch where the test says so."""
    return UserFactory(username="olga")


@pytest.fixture
def stranger(db):
    """A judge of no batch."""
    return UserFactory(username="sam")


@pytest.fixture
def adjudicator(db):
    """Settles conflicts and nothing else."""
    return UserFactory(username="rut", roles=[Role.ADJUDICATOR])


@pytest.fixture
def api():
    """`api(user)` is a client with this user's token; `api(None)` has none."""

    def client(user=None):
        made = APIClient()
        if user is not None:
            _, token = AuthToken.objects.create(user)
            made.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return made

    return client


@pytest.fixture
def make_batch(admin):
    """`make_batch([judge], …rules)` is an open batch of one entity of 3 candidates."""

    def make(judges, *, candidates=3, is_open=True, **rules):
        entity = EntityFactory()
        for rank in range(candidates):
            CandidateFactory(entity=entity, rank=rank)
        rules = {"name": "a batch", "entities": [entity.key]} | rules
        batch = batches.create(by=admin, **rules)
        usernames = [judge.username for judge in judges]
        if usernames:
            batches.add_judges(batch=batch, usernames=usernames, by=admin)
        return batches.open_batch(batch=batch, by=admin) if is_open else batch

    return make


@pytest.fixture
def batch(make_batch, judge, other_judge):
    """An open batch of both judges."""
    return make_batch([judge, other_judge])


@pytest.fixture
def enqueued(monkeypatch):
    """The imports that were handed to a worker, where a test has none."""
    numbers = []
    handed = SimpleNamespace(delay=numbers.append)
    monkeypatch.setattr(tasks, "continue_import", handed)
    return numbers
