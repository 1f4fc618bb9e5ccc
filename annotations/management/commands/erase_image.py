"""`manage.py erase_image`: erase a picture everywhere."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotations import erasure
from annotations.errors import LabelerError
from annotations.management.importing import ExampleCommand


class Command(ExampleCommand):
    """Erases a picture."""

    help = (
        "Erase a picture: its bytes, its thumbnail and every candidate with it,\n"
        "and refuse its return. This cannot be undone.\n\n"
        "Example: manage.py erase_image "
        "7f0c6c1f3b0d5f1e0c2a4b6d8e9fa1b2c3d4e5f60718293a4b5c6d7e8f901234"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the digest."""
        parser.add_argument("sha256", metavar="SHA256", help="64 hexadecimal digits")

    def handle(self, **options: Any) -> None:
        """Erase the picture; a repeated call is not an error."""
        try:
            erasure.erase_image(sha256=options["sha256"], by=None)
        except LabelerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(
            "The picture is erased. If the log lists files that could not be deleted, run"
            " manage.py verify --files --fix"
        )
