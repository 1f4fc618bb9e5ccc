"""`manage.py import_candidates FILE [--layout NAME] [--no-images]`."""

from typing import Any

from django.core.management.base import CommandParser

from annotations import intake
from annotations.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Import candidate images: a released TSV file, a manifest, a .zip or .tar."
        " Detects most layouts. Reads .gz and .zst files directly."
    )
    allowed = intake.CANDIDATE_LAYOUTS
    example = (
        "  manage.py import_candidates MsCelebV1-Faces-Aligned.tsv\n"
        "  manage.py import_candidates thumbnails.tsv.zst --layout thumbnails --no-images\n"
        "  ssh store cat faces.tsv.gz | manage.py import_candidates -\n"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and its layout."""
        parser.add_argument(
            "file", metavar="FILE", help="the file; - is standard input"
        )
        parser.add_argument(
            "--layout",
            choices=intake.CANDIDATE_LAYOUTS,
            default="",
            metavar="NAME",
            help=f"one of {', '.join(intake.CANDIDATE_LAYOUTS)}",
        )
        parser.add_argument(
            "--no-images",
            action="store_true",
            help="import the rows only; their candidates wait for pictures",
        )
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file."""
        self.import_source(
            options["file"],
            refused=options["refused"],
            layout=options["layout"],
            with_images=not options["no_images"],
        )
