"""`manage.py import_folder DIR`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Import a folder: DIR/<entity key>/<file>. The rank is the position in the order"
        " of file names."
    )
    allowed = ("folder",)
    example = "  manage.py import_folder pictures/\n"

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the folder."""
        parser.add_argument(
            "folder", metavar="DIR", help="contains a folder for each key"
        )
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the folder."""
        if not Path(options["folder"]).is_dir():
            raise CommandError(f"There is no folder {options['folder']}.")
        self.import_source(options["folder"], refused=options["refused"])
