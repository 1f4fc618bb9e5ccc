"""Settings of every test run."""

import os

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from xdist.scheduler import LoadScopeScheduling

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("labeler", deadline=None)
hypothesis.settings.load_profile("labeler")

# Each test's client makes the middleware anew; so it does not look for all files first.
settings.WHITENOISE_AUTOREFRESH = True

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")

# Each worker has a cache of its own.
settings.CACHES["default"]["LOCATION"] = (
    f"{settings.REDIS_URL.rpartition('/')[0]}/{1 + int(WORKER[2:])}"
)


def pytest_collection_modifyitems(items) -> None:
    """A browser's test that fails is run once more, and named as rerun in the summary.

    What a browser does in which millisecond is not ours. A test that needs it is a bug
    to be found all the same.
    """
    for item in items:
        if "/test_browser_" in item.nodeid:
            item.add_marker(pytest.mark.flaky(reruns=1))


class ServedTogether(LoadScopeScheduling):
    """Keeps on one worker what watches a browser or whole servers, the rest apart.

    Two at once would wait for each other. What only opens pages and looks is dealt out,
    so that both workers end at about the same time.
    """

    SERVED = ("frontend/tests/test_browser", "labeler/tests")
    LOOKS = tuple(
        f"frontend/tests/test_browser_{of}.py"
        for of in ("admin", "agreement", "evaluations", "models", "releases")
    )

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(self.LOOKS):
            return nodeid.partition("::")[0]
        return "served" if nodeid.startswith(self.SERVED) else nodeid


def pytest_xdist_make_scheduler(config, log) -> ServedTogether:
    """How tests are dealt out to several workers."""
    return ServedTogether(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Let several test runs share one PostgreSQL server, each in its own database."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX", "main")
    name = f"test_labeler_{suffix}_{WORKER}"
    settings.DATABASES["default"]["TEST"]["NAME"] = name


# What Django itself fills after a migration, and never changes.
KEPT = {"django_content_type", "auth_permission"}
MAY_SKIP_TRIGGERS = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
flush = TransactionTestCase._fixture_teardown


def empty_tables(case: TransactionTestCase) -> None:
    """Delete all rows after a test that committed some.

    Django truncates, which makes each of a hundred tables and indexes a new file: ten
    times slower than deleting the few rows of a test.
    """
    with connection.cursor() as cursor:
        cursor.execute(MAY_SKIP_TRIGGERS)
        if not cursor.fetchone()[0]:
            flush(case)
            return
        tables = connection.introspection.django_table_names(only_existing=True)
        deletes = [f'DELETE FROM "{name}"' for name in tables if name not in KEPT]
        # Neither foreign keys nor triggers that refuse a DELETE are asked.
        role = "SET LOCAL session_replication_role = replica"
        cursor.execute(";".join(["BEGIN", role, *deletes, "COMMIT"]))


TransactionTestCase._fixture_teardown = empty_tables
