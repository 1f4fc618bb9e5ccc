"""Settings of every test run."""

import os

import pytest
from django.conf import settings


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Let several test runs share one PostgreSQL server, each in its own database."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX", "main")
    settings.DATABASES["default"]["TEST"]["NAME"] = f"test_labeler_{suffix}"
