"""`manage.py export_judgments`: every current judgment of batches as a file."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations import export
from annotations.management.exports import ExportCommand, stored_file


class Command(ExportCommand):
    """Writes judgments.tsv."""

    help = (
        "Write judgments.tsv: a row for every current judgment of the batches.\n\n"
        "Example: manage.py export_judgments --batch 1 judgments.tsv\n"
        "         manage.py export_judgments --release first judgments.tsv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Also whether judges are named."""
        super().add_arguments(parser)
        parser.add_argument(
            "--names",
            action="store_true",
            help="name the judges; else each has a stable pseudonym",
        )

    def stream(self, **options: Any) -> Iterator[bytes]:
        """The rows of judgments.tsv."""
        if options["release"] is not None:
            if options["names"]:
                raise CommandError("A release names no judges.")
            return stored_file(options["release"], "judgments.tsv")
        return export.stream_judgments(options["batch"], names=options["names"])
