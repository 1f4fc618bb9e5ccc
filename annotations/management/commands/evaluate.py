"""`manage.py evaluate`: a recogniser's results on a release, beside the paper's."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser

from annotations import evaluation, releases
from annotations.errors import Invalid, LabelerError
from annotations.evaluation import BASELINE
from annotations.management.importing import ExampleCommand
from annotations.models import Evaluation, Release


class Command(ExampleCommand):
    """Evaluates a file of results and stores the evaluation."""

    help = (
        "Evaluate a recogniser's results on a release and print its coverage at\n"
        "precision 0.95 and 0.99 beside the paper's baseline. A line of RESULTS has\n"
        "six columns, separated by TABs (MID, name, URL, FaceID, MID estimated,\n"
        "confidence) in the order of the measurement file, or three (line number\n"
        "from 1, MID estimated, confidence). An empty MID means no answer.\n\n"
        "Examples:\n"
        "  manage.py evaluate results.tsv --release first\n"
        "  manage.py evaluate - --release first --subset hard --split test < results.tsv\n"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file of results and the measurement set."""
        parser.add_argument("results", help="a file; - is standard input")
        parser.add_argument("--release", required=True, metavar="NAME")
        parser.add_argument(
            "--subset", choices=evaluation.SUBSETS, default="random", help="random"
        )
        parser.add_argument(
            "--split", choices=evaluation.SPLITS, default="dev", help="dev"
        )
        parser.add_argument(
            "--name", help="a name for these results (default: the file's name)"
        )

    def handle(self, **options: Any) -> None:
        """Evaluate the results and print the table."""
        release = Release.objects.filter(name=options["release"]).first()
        if release is None:
            names = ", ".join(Release.objects.values_list("name", flat=True)[:20])
            raise CommandError(
                f"There is no release “{options['release']}”. Releases: {names or 'none'}."
            )
        path = options["results"]
        try:
            with _open(path) as file:
                evaluation = releases.evaluate(
                    release=release,
                    subset=options["subset"],
                    split=options["split"],
                    file=file,
                    name=options["name"] or Path(path).name[:100],
                    by=None,
                )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except Invalid as error:
            raise CommandError(_describe(error)) from error
        except LabelerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(table(evaluation))


def _open(path: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb")


def _describe(error: Invalid) -> str:
    errors = error.errors.items()
    lines = (f"{field}: {' '.join(messages)}" for field, messages in errors)
    return "\n".join(["The results were not evaluated.", *lines])


def table(evaluation: Evaluation) -> str:
    """Return a table of an evaluation's figures beside the paper's."""
    figures, paper = evaluation.figures, BASELINE[evaluation.subset]
    lines = [
        f"{evaluation.name}: {evaluation.subset} subset, {evaluation.split} split"
        f" of {evaluation.release}",
        f"{figures['m']:,} pictures, {figures['answered']:,} answered,"
        f" {figures['correct']:,} right",
        "",
        f"{'precision':>10} {'coverage':>10} {'threshold':>12} {'the paper':>10}",
    ]
    for precision, coverage in figures["coverage"].items():
        threshold = figures["threshold"][precision]
        limit = "none" if threshold is None else f"{threshold:.6g}"
        lines.append(
            f"{precision:>10} {coverage:>10.3f} {limit:>12} {paper[precision]:>10.3f}"
        )
    return "\n".join(lines)
