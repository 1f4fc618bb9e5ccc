"""Settings of every test run."""

import os

import hypothesis
import pytest
from django.conf import settings

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("labeler", deadline=None)
hypothesis.settings.load_profile("labeler")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Let several test runs share one PostgreSQL server, each in its own database."""
    suffix = os.environ.get("PYTEST_DB_SUFFIX", "main")
    settings.DATABASES["default"]["TEST"]["NAME"] = f"test_labeler_{suffix}"
