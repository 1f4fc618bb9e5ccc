"""`manage.py evaluate`: a recogniser's results on a release, beside the paper's."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations import evaluation, releases
from annotations.errors import Invalid, LabelerError
from annotations.evaluation import BASELINE
from annotations.management.importing import AsWritten
from annotations.models import Evaluation, Release


class Command(BaseCommand):
    """Evaluates a file of results and keeps what came of it."""

    help = (
        "Evaluate a recogniser's results on a release and print its coverage at\n"
        "precision 0.95 and 0.99 beside the paper's baseline. A line of RESULTS has\n"
        "six columns, separated by TABs (MID, name, URL, FaceID, MID estimated,\n"
        "confidence) in the order of the measurement file, or three (line number\n"
        "from 1, MID estimated, confidence). An empty MID is no answer.\n\n"
        "Examples:\n"
        "  manage.py evaluate results.tsv --release first\n"
        "  manage.py evaluate - --release first --subset hard --split test < results.tsv\n"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the examples."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Which results, of which set."""
        parser.add_argument("results", help="a file; - is standard input")
        parser.add_argument("--release", required=True, metavar="NAME")
        parser.add_argument(
            "--subset", choices=evaluation.SUBSETS, default="random", help="random"
        )
        parser.add_argument(
            "--split", choices=evaluation.SPLITS, default="dev", help="dev"
        )
        parser.add_argument(
            "--name", help="what to call these results; the file's name"
        )

    def handle(self, **options: Any) -> None:
        """Evaluate, then print the table."""
        release = Release.objects.filter(name=options["release"]).first()
        if release is None:
            known = ", ".join(Release.objects.values_list("name", flat=True)[:20])
            raise CommandError(
                f"There is no release “{options['release']}”. There are: {known or 'none'}."
            )
        path = options["results"]
        try:
            with _opened(path) as file:
                made = releases.evaluate(
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
            raise CommandError(_told(error)) from error
        except LabelerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(table(made))


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb")


def _told(error: Invalid) -> str:
    lines = (f"{name}: {' '.join(said)}" for name, said in error.errors.items())
    return "\n".join(["Nothing was evaluated.", *lines])


def table(made: Evaluation) -> str:
    """The figures of an evaluation beside the paper's."""
    said, paper = made.figures, BASELINE[made.subset]
    lines = [
        f"{made.name}: {made.subset} subset, {made.split} split of {made.release}",
        f"{said['m']:,} pictures, {said['answered']:,} answered,"
        f" {said['correct']:,} right",
        "",
        f"{'precision':>10} {'coverage':>10} {'threshold':>12} {'the paper':>10}",
    ]
    for precision, covered in said["coverage"].items():
        threshold = said["threshold"][precision]
        at = "none" if threshold is None else f"{threshold:.6g}"
        lines.append(
            f"{precision:>10} {covered:>10.3f} {at:>12} {paper[precision]:>10.3f}"
        )
    return "\n".join(lines)
