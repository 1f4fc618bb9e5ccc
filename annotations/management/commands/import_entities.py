"""`manage.py import_entities FILE`."""

from typing import Any

from django.core.management.base import CommandParser

from annotations import intake
from annotations.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        'Import an entity list: the released names (key, "Name"@lang) or our own'
        " list with a header. Reads .gz and .zst files directly."
    )
    allowed = intake.ENTITY_LAYOUTS
    example = (
        "  manage.py import_entities Top1M_MidList.Name.tsv.gz\n"
        "  cat entities.tsv | manage.py import_entities -\n"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        parser.add_argument(
            "file", metavar="FILE", help="the list; - is standard input"
        )
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file."""
        self.import_source(options["file"], refused=options["refused"])
