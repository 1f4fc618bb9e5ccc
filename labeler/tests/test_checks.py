"""`make check`: what no linter looks at is told, with its place."""

import pytest

from benchmarks.__main__ import is_met, table
from labeler import checks


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An unpacked archive with a lock and a licence."""
    (tmp_path / "requirements.lock").write_text("django==5.2 --hash=sha256:00\n")
    (tmp_path / "LICENSE").write_text("Apache License\n")
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    return tmp_path


def test_a_clean_project_passes_every_file_check(project):
    (project / "README.md").write_text("[licence](LICENSE)\n")
    assert [check() for check in checks.FILES.values()] == [""] * len(checks.FILES)
    assert checks.main(["files"]) == 0


@pytest.mark.parametrize("named", ["https://pypi" + ".org/simple", "/home" + "/me/x"])
def test_a_registry_or_a_folder_of_somebody_is_named_with_its_line(project, named):
    (project / "notes.txt").write_text(f"first\nsee {named}\n")
    assert checks.no_registry_or_machine_is_named().startswith("notes.txt:2: ")


def test_a_lock_that_says_where_packages_come_from_fails(project):
    (project / "requirements.lock").write_text("--index-url mirror\n")
    assert "requirements.lock" in checks.no_registry_or_machine_is_named()


@pytest.mark.parametrize("text", ["a = 1 \n", "a = 1\r\n", "a = 1"])
def test_a_line_that_does_not_end_cleanly_is_named(project, text):
    (project / "code.py").write_bytes(text.encode())
    assert "code.py" in checks.lines_end_cleanly()


def test_vendored_files_stay_as_they_came(project):
    (project / "vendor").mkdir()
    (project / "vendor/library.js").write_text("x ")
    assert checks.lines_end_cleanly() == ""


def test_a_large_file_and_a_dead_link_are_named(project):
    (project / "big.bin").write_bytes(b"\0" * (checks.LARGEST_FILE + 1))
    (project / "README.md").write_text("[gone](docs/gone.md#part)\n")
    assert checks.files_are_small().startswith("big.bin")
    assert checks.links_lead_somewhere() == "README.md: docs/gone.md"


def test_a_failure_is_named_at_the_end(project, capsys):
    (project / "LICENSE").unlink()
    assert checks.main(["files"]) == 1
    assert capsys.readouterr().err == "Failed: the licence is there.\n"


def test_production_settings_are_checked_without_what_make_run_sets(monkeypatch):
    monkeypatch.setenv("LABELER_EMBEDDED", "1")
    monkeypatch.setenv("LABELER_DEBUG", "1")
    assert not {"LABELER_EMBEDDED", "LABELER_DEBUG"} & checks.production().keys()


@pytest.mark.parametrize(
    ("row", "met"),
    [
        ({"value": 12, "unit": "ms", "ratio": None, "goal": "≤ 20 ms"}, True),
        ({"value": 12, "unit": "ms", "ratio": 1.4, "goal": "≤ 1.3"}, False),
        ({"value": 12, "unit": "ms", "ratio": 1.4, "goal": "≤ 20 ms"}, True),
        (
            {"value": 9e5, "unit": "rows/s", "ratio": 0.85, "goal": ">= 0.8 of COPY"},
            True,
        ),
        ({"value": 12, "unit": "ms", "ratio": None, "goal": ""}, None),
    ],
)
def test_a_benchmarks_goal_is_compared_with_what_it_is_said_of(row, met):
    assert is_met(row) is met


def test_a_benchmarks_table_says_no_where_a_goal_is_missed():
    row = {"name": "lease", "value": 30, "unit": "ms", "goal": "≤ 20 ms", "met": False}
    assert table([row]).splitlines()[1].split() == [
        "lease",
        "30",
        "ms",
        "≤",
        "20",
        "ms",
        "NO",
    ]
