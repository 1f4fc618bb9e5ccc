"""What `collectstatic` makes of the pages' modules."""

import re

import pytest
from django.core.management import call_command

from labeler import staticfiles


@pytest.fixture
def collected(tmp_path, settings):
    """The folder of collected files."""
    backend = {"BACKEND": f"{staticfiles.__name__}.{staticfiles.Collected.__name__}"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": backend}
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path / "static"


def test_modules_import_each_other_by_names_with_digests(collected):
    (page,) = collected.glob("frontend/grid.*[0-9a-f].js")
    imported = re.findall(r'^import .*from "(.+)";$', page.read_text(), re.MULTILINE)
    assert len(imported) > 10
    for address in imported:
        assert re.search(r"\.[0-9a-f]{12}\.js$", address), address
        assert (page.parent / address).is_file()
    assert page.with_name(page.name + ".gz").is_file()
