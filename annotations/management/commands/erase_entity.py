"""`manage.py erase_entity`: forget an entity everywhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations import erasure
from annotations.errors import LabelerError
from annotations.management.importing import AsWritten


class Command(BaseCommand):
    """Erases an entity."""

    help = (
        "Forget an entity, its candidates and their pictures, also where other entities\n"
        "show them, and refuse their return. This cannot be undone.\n\n"
        "Example: manage.py erase_entity m.06y3r"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the example."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """The key."""
        parser.add_argument("key", metavar="KEY", help="as m.06y3r or /m/06y3r")

    def handle(self, **options: Any) -> None:
        """Erase it; again is no error."""
        try:
            erasure.erase_entity(key=options["key"], by=None)
        except LabelerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(
            "The entity is erased. If the log names files that could not be deleted:"
            " manage.py verify --files --fix"
        )
