"""`make check`: each check names the problem and its place."""

import pytest

from benchmarks.__main__ import is_met, table
from tools import checks, sample


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return an unpacked archive with a lock and a licence."""
    (tmp_path / "requirements.lock").write_text("django==5.2 --hash=sha256:00\n")
    (tmp_path / "LICENSE").write_text("Apache License\n")
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    return tmp_path


def test_a_clean_project_passes_every_file_check(project):
    (project / "README.md").write_text("[licence](LICENSE)\n")
    assert [check() for check in checks.FILES.values()] == [""] * len(checks.FILES)
    assert checks.main(["files"]) == 0


def test_a_folder_of_one_machine_is_named_with_its_line(project):
    (project / "notes.txt").write_text("first\nsee /home" + "/me/x\n")
    problem = checks.no_file_names_a_folder_of_one_machine()
    assert problem.startswith("notes.txt:2: ")


@pytest.mark.parametrize("line", ["--index-url mirror", "https://index.example/simple"])
def test_a_lock_that_names_a_package_index_fails(project, line):
    (project / "requirements.lock").write_text(f"{line}\n")
    assert "requirements.lock" in checks.the_lock_names_no_index()


def test_a_document_can_name_a_package_host(project):
    (project / "README.md").write_text("![badge](https://index.example/badge.svg)\n")
    assert checks.main(["files"]) == 0


@pytest.mark.parametrize("program", ["tsc", "biome"])
def test_a_missing_node_fails_and_says_what_to_install(project, monkeypatch, program):
    monkeypatch.setenv("PATH", str(project))
    assert checks._node_program(program) == checks.NODE_IS_MISSING


@pytest.mark.parametrize("name", ["CI", "LABELER_SAMPLE"])
def test_ci_requires_the_sample_of_real_pictures(project, monkeypatch, name):
    monkeypatch.setenv("LABELER_SAMPLE", str(project))
    assert str(project) in sample.problem()
    monkeypatch.delenv("LABELER_SAMPLE")
    monkeypatch.delenv("CI", raising=False)
    assert not sample.is_required()
    monkeypatch.setenv(name, "1")
    assert sample.is_required()


@pytest.mark.parametrize("text", ["a = 1 \n", "a = 1\r\n", "a = 1"])
def test_a_line_that_does_not_end_cleanly_is_named(project, text):
    (project / "code.py").write_bytes(text.encode())
    assert "code.py" in checks.lines_end_cleanly()


def test_vendored_files_are_not_checked(project):
    (project / "vendor").mkdir()
    (project / "vendor/library.js").write_text("x ")
    assert checks.lines_end_cleanly() == ""


def test_a_large_file_and_a_dead_link_are_named(project):
    (project / "big.bin").write_bytes(b"\0" * (checks.LARGEST_FILE + 1))
    (project / "README.md").write_text("[gone](docs/gone.md#part)\n")
    assert checks.files_are_small().startswith("big.bin")
    assert checks.links_have_targets() == "README.md: docs/gone.md"


def test_a_failure_is_named_at_the_end(project, capsys):
    (project / "LICENSE").unlink()
    assert checks.main(["files"]) == 1
    assert capsys.readouterr().err == "Failed: the licence exists.\n"


def test_production_settings_are_checked_without_the_settings_of_make_run(monkeypatch):
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
def test_a_benchmarks_goal_is_compared_with_its_value_or_ratio(row, met):
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


def test_a_long_template_line_is_named(project):
    (project / "page.html").write_text("<p>short</p>\n" + "x" * 121 + "\n")
    assert checks.template_lines_are_short() == "page.html:2: 121 characters"


def test_a_selector_in_two_stylesheets_is_named(project):
    (project / "a.css").write_text(
        "/* .x { } */\n.x,\n.y:is(a, b) {\n  color: red;\n}\n"
        "@keyframes turn {\n  to {\n    opacity: 0;\n  }\n}\n"
    )
    (project / "b.css").write_text(
        "@media (max-width: 9px) {\n  .y:is(a,   b) {\n    color: red;\n  }\n}\n"
        '.z {\n  mask: url("data:,.x{}");\n}\n'
        "@keyframes back {\n  to {\n    opacity: 1;\n  }\n}\n"
    )
    assert checks.each_selector_has_one_stylesheet() == ".y:is(a, b): a.css, b.css"
