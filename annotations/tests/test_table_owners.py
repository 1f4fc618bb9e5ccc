"""Only the package that owns a table writes to it; pyproject.toml lists the owners."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from annotations.tests.table_writes import Reader, Write

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["labeler"]
OWNERS = {
    model: package
    for package, models in SETTINGS["table-owners"].items()
    for model in models
}
EXCEPTIONS = {
    (exception["package"], model)
    for exception in SETTINGS["table-exceptions"]
    for model in exception["tables"]
}
MODELS = {
    model.__name__.lower(): model.__name__
    for model in apps.get_app_config("annotations").get_models()
}
# `save` and `get_or_create` of these are not a table's of this project.
NOT_OUR_TABLES = ("default_storage.save", "links.get_or_create", "picture.save")


def _sources(root: Path) -> list[Path]:
    return [
        path
        for folder in ("annotations", "frontend", "labeler")
        for path in sorted((root / folder).rglob("*.py"))
        if not {"tests", "migrations"} & set(path.parts)
    ]


def _package(path: Path, root: Path) -> str:
    first, second, *_ = path.relative_to(root).parts
    return second.removesuffix(".py") if first == "annotations" else first


def _writes(root: Path) -> Iterator[tuple[str, str, Write]]:
    """Yield package, file and write."""
    sources = _sources(root)
    reader = Reader(MODELS, sources)
    for path in sources:
        for write in reader.writes(path):
            yield _package(path, root), str(path.relative_to(root)), write


def _foreign(root: Path) -> list[str]:
    """Describe the writes that neither the owner nor an exception explains."""
    return [
        f"{file}:{write.line} {write.code}: {write.model or 'unknown model'}"
        for package, file, write in _writes(root)
        if write.code not in NOT_OUR_TABLES
        and OWNERS.get(write.model) != package
        and (package, write.model) not in EXCEPTIONS
    ]


def test_only_the_owner_of_a_table_writes_to_it():
    assert _foreign(ROOT) == []


def test_every_table_has_one_owner_and_every_owner_writes():
    writers = defaultdict(set)
    for package, _, write in _writes(ROOT):
        writers[write.model].add(package)
    listed = sum(SETTINGS["table-owners"].values(), [])

    assert sorted(listed) == sorted(MODELS.values())
    assert {m for m, owner in OWNERS.items() if owner not in writers[m]} == set()
    assert {e for e in EXCEPTIONS if e[0] not in writers[e[1]]} == set()


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("intake", 'SQL = "INSERT INTO annotations_conflict (batch_id) VALUES (1)"'),
        ("intake", 'SQL = f"""\n    UPDATE annotations_batchentity be SET {x}"""'),
        ("page", 'SQL = "DELETE  FROM\\n annotations_ruling"'),
        ("page", 'SQL = "TRUNCATE annotations_score"'),
        ("releases", 'SQL = "COPY annotations_judgment FROM STDIN"'),
        ("export", "def f():\n    Ruling.objects.filter(pk=1).delete()"),
        ("export", "def f(ruling: Ruling):\n    ruling.save()"),
        ("export", "def f():\n    q = Batch.objects.all()\n    q.update(name='')"),
        ("export", "def f():\n    for b in Batch.objects.all():\n        b.delete()"),
        ("export", "def f():\n    Scorer(name='x').save()"),
        ("export", "def f(thing):\n    thing.save()"),
        ("frontend", "def f(user: User):\n    user.save()"),
    ],
)
def test_a_foreign_write_is_found(tmp_path, package, code):
    folder = tmp_path / ("frontend" if package == "frontend" else "annotations")
    folder.mkdir()
    (folder / f"{package}.py").write_text(code)

    assert len(_foreign(tmp_path)) == 1


def test_reads_and_locks_are_no_writes(tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "page.py").write_text(
        'SQL = "SELECT FROM annotations_batch FOR NO KEY UPDATE OF annotations_batch"\n'
        "def f(batch: Batch):\n"
        "    counts = {}\n"
        "    counts.update(a=1)\n"
        "    return list(Batch.objects.select_for_update().filter(pk=batch.pk))\n"
    )

    assert _foreign(tmp_path) == []
