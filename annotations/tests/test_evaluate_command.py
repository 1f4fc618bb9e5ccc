"""`manage.py evaluate`: a table beside the paper's, and errors by line."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotations.management.commands.evaluate import Command
from annotations.models import Evaluation

from .released import judged_batch, released

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def results(tmp_path):
    batch = judged_batch({"m.a": "yes no", "m.b": "yes"})
    released(batch, dev_entities=2, distractors=0)
    return tmp_path / "results.tsv"


def run(results, **options):
    out = io.StringIO()
    call_command("evaluate", str(results), stdout=out, **options)
    return out.getvalue()


def test_a_table_is_printed_beside_the_baseline(results):
    results.write_text("1\tm.a\t0.9\n2\tm.a\t0.8\n")
    output = run(results, release="first")
    assert "results.tsv: random subset, dev split of first" in output
    assert "2 pictures, 2 answered, 1 right" in output
    rows = [line.split() for line in output.splitlines()[-2:]]
    assert [row[0] for row in rows] == ["0.95", "0.99"]
    assert [row[-1] for row in rows] == ["0.728", "0.606"]
    assert Evaluation.objects.get().created_by is None


def test_what_stands_in_the_way_is_told(results, tmp_path):
    results.write_text("1\tm.a\thigh\n2\tm.a\t0.8\n")
    with pytest.raises(CommandError, match="line 1: The confidence"):
        run(results, release="first")
    with pytest.raises(CommandError, match="no release “second”. Releases: first."):
        run(results, release="second")
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "nothing.tsv", release="first")
    with pytest.raises(CommandError, match="no embeddings"):
        run(results, release="first", subset="hard")
    assert not Evaluation.objects.exists()


def test_its_help_has_an_example():
    help_text = Command().create_parser("manage.py", "evaluate").format_help()
    assert "manage.py evaluate results.tsv --release first" in help_text
