"""Users with each role, a store for each test, and API clients."""

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
    """Store the files of a test in its own folder."""
    folder = tmp_path / "store"
    default = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder)},
    }
    settings.STORAGES = {**settings.STORAGES, "default": default}
    return folder


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hash passwords with MD5: the real hash takes a third of a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def worker_at_hand():
    """Run tasks at once in this process. The broker has its own tests."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def admin(db):
    """A user who can do everything."""
    return UserFactory(username="ada", roles=[Role.ADMIN])


@pytest.fixture
def judge(db):
    """The first judge of a test."""
    return UserFactory(username="jo")


@pytest.fixture
def other_judge(db):
    """A second judge, often of the same batch."""
    return UserFactory(username="olga")


@pytest.fixture
def stranger(db):
    """A judge of no batch."""
    return UserFactory(username="sam")


@pytest.fixture
def adjudicator(db):
    """A user who can only adjudicate."""
    return UserFactory(username="rut", roles=[Role.ADJUDICATOR])


@pytest.fixture
def api():
    """`api(user)` returns a client with this user's token; `api(None)` has none."""

    def client(user=None):
        api_client = APIClient()
        if user is not None:
            _, token = AuthToken.objects.create(user)
            api_client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return api_client

    return client


@pytest.fixture
def make_batch(admin):
    """`make_batch([judge], **rules)` creates an open batch of 1 entity, 3 candidates."""

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
    """The ids of the imports that were sent to a worker; tests have none."""
    import_ids = []
    task = SimpleNamespace(delay=import_ids.append)
    monkeypatch.setattr(tasks, "continue_import", task)
    return import_ids
