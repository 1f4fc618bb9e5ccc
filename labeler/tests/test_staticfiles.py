"""`collectstatic` rewrites the pages' modules."""

import re

import pytest
from django.core.management import call_command

from labeler import staticfiles


@pytest.fixture
def static_folder(tmp_path, settings):
    """Return the folder of collected files."""
    backend = {"BACKEND": f"{staticfiles.__name__}.{staticfiles.Collected.__name__}"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": backend}
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path / "static"


def test_modules_import_each_other_by_names_with_digests(static_folder):
    (module,) = static_folder.glob("frontend/grid.*[0-9a-f].js")
    imported = re.findall(r'^import .*from "(.+)";$', module.read_text(), re.MULTILINE)
    assert len(imported) > 10
    for address in imported:
        assert re.search(r"\.[0-9a-f]{12}\.js$", address), address
        assert (module.parent / address).is_file()
    assert module.with_name(module.name + ".gz").is_file()
