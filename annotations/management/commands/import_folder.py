"""`manage.py import_folder DIR`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Import a folder: DIR/<entity key>/<file>; rank is the order of file names."
    allowed = ("folder",)
    example = "  manage.py import_folder pictures/\n"

    def add_arguments(self, parser: CommandParser) -> None:
        """The folder."""
        parser.add_argument("folder", metavar="DIR", help="holds a folder for each key")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        if not Path(options["folder"]).is_dir():
            raise CommandError(f"There is no folder {options['folder']}.")
        self.take(options["folder"], refused=options["refused"])
