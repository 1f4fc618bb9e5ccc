"""`manage.py export_judgments`: all current judgments of batches as a file."""

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
        """Add the option for judges' names."""
        super().add_arguments(parser)
        parser.add_argument(
            "--names",
            action="store_true",
            help="name the judges instead of giving each a stable pseudonym",
        )

    def stream(self, **options: Any) -> Iterator[bytes]:
        """Return the rows of judgments.tsv."""
        if options["release"] is not None:
            if options["names"]:
                raise CommandError(
                    "Releases do not contain judges' names. Leave out --names."
                )
            return stored_file(options["release"], "judgments.tsv")
        return export.stream_judgments(options["batch"], names=options["names"])
