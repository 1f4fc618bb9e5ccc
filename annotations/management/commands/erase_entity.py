"""`manage.py erase_entity`: erase an entity everywhere."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations import erasure
from annotations.errors import LabelerError
from annotations.management.importing import ExampleCommand


class Command(ExampleCommand):
    """Erases an entity."""

    help = (
        "Erase an entity, its candidates and their pictures, also from other entities,\n"
        "and refuse their return. This cannot be undone.\n\n"
        "Example: manage.py erase_entity m.06y3r"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the key."""
        parser.add_argument(
            "key", metavar="KEY", help="for example m.06y3r or /m/06y3r"
        )

    def handle(self, **options: Any) -> None:
        """Erase the entity; a repeated call is not an error."""
        try:
            erasure.erase_entity(key=options["key"], by=None)
        except LabelerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(
            "The entity is erased. If the log lists files that could not be deleted, run"
            " manage.py verify --files --fix"
        )
