"""`manage.py import_candidates FILE [--layout NAME] [--no-images]`."""

from typing import Any

from django.core.management.base import CommandParser

from annotations import intake
from annotations.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Import candidate images: a released TSV file, a manifest, a .zip or .tar."
        " The layout is detected where it can be; .gz and .zst are read as they are."
    )
    allowed = intake.CANDIDATE_LAYOUTS
    example = (
        "  manage.py import_candidates MsCelebV1-Faces-Aligned.tsv\n"
        "  manage.py import_candidates thumbnails.tsv.zst --layout thumbnails --no-images\n"
        "  ssh store cat faces.tsv.gz | manage.py import_candidates -\n"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and how to read it."""
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
            help="take the rows alone; their candidates wait for their pictures",
        )
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        self.take(
            options["file"],
            refused=options["refused"],
            layout=options["layout"],
            with_images=not options["no_images"],
        )
