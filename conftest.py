"""Settings of every test run."""

import os

import hypothesis
import pytest
from django.conf import settings

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("labeler", deadline=None)
hypothesis.settings.load_profile("labeler")

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")

# What watches a browser, or whole servers, waits for others: one at a time.
SERVED = ("frontend/tests/test_browser", "labeler/tests")

# Each worker has a cache of its own.
settings.CACHES["default"]["LOCATION"] = (
    f"{settings.REDIS_URL.rpartition('/')[0]}/{1 + int(WORKER[2:])}"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker what must not compete with its like."""
    for item in items:
        if item.nodeid.startswith(SERVED):
            item.add_marker(pytest.mark.xdist_group("served"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Let several test runs share one PostgreSQL server, each in its own database."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX", "main")
    name = f"test_labeler_{suffix}_{WORKER}"
    settings.DATABASES["default"]["TEST"]["NAME"] = name
