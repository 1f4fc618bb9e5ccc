"""Settings and hooks of every test run."""

import os

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from xdist.scheduler import LoadScopeScheduling

from tools import sample

# The time of an example depends on the load of the machine.
hypothesis.settings.register_profile("labeler", deadline=None)
hypothesis.settings.load_profile("labeler")

# Every test client creates the middleware again. This stops WhiteNoise from searching for
# all static files each time.
settings.WHITENOISE_AUTOREFRESH = True

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")

# Each worker has its own cache.
settings.CACHES["default"]["LOCATION"] = (
    f"{settings.REDIS_URL.rpartition('/')[0]}/{1 + int(WORKER[2:])}"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rerun a failed browser test once. The summary lists it as rerun.

    Browser timing is not deterministic. A test that needs a rerun is still a bug.
    """
    for item in items:
        if "/test_browser_" in item.nodeid:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test marked `sample` in CI, or skip it elsewhere, if there is no sample."""
    if item.get_closest_marker("sample") and (problem := sample.problem()):
        if sample.is_required():
            pytest.fail(problem, pytrace=False)
        pytest.skip(problem)


class BrowserTestsTogether(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Run tests that drive a browser or start servers on one worker, the rest anywhere.

    Two of them at the same time would slow each other down. Tests that only open pages
    are distributed, so that both workers finish at about the same time.
    """

    TOGETHER = ("frontend/tests/test_browser", "labeler/tests")
    ONLY_OPEN_PAGES = tuple(
        f"frontend/tests/test_browser_{name}.py"
        for name in ("admin", "agreement", "evaluations", "models", "releases")
    )

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(self.ONLY_OPEN_PAGES):
            return nodeid.partition("::")[0]
        return "together" if nodeid.startswith(self.TOGETHER) else nodeid


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: object
) -> BrowserTestsTogether:
    """Return the scheduler that distributes tests over the workers."""
    return BrowserTestsTogether(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Let several test runs share one PostgreSQL server, each in its own database."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX", "main")
    name = f"test_labeler_{suffix}_{WORKER}"
    settings.DATABASES["default"]["TEST"]["NAME"] = name


# Django fills these tables after a migration and never changes them.
PERMANENT_TABLES = {"django_content_type", "auth_permission"}
CAN_SKIP_TRIGGERS = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
truncate_tables = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def empty_tables(case: TransactionTestCase) -> None:
    """Delete all rows after a test that committed some.

    Django truncates, which creates a new file for each of a hundred tables and indexes.
    Deleting the few rows of a test is ten times faster.
    """
    with connection.cursor() as cursor:
        cursor.execute(CAN_SKIP_TRIGGERS)
        if not cursor.fetchone()[0]:
            truncate_tables(case)
            return
        tables = connection.introspection.django_table_names(only_existing=True)
        deletes = [
            f'DELETE FROM "{name}"' for name in tables if name not in PERMANENT_TABLES
        ]
        # This role skips foreign keys, and triggers that refuse a DELETE.
        role = "SET LOCAL session_replication_role = replica"
        cursor.execute(";".join(["BEGIN", role, *deletes, "COMMIT"]))


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]
