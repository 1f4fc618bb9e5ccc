"""`manage.py erase_image`: forget a picture everywhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations import erasure
from annotations.errors import LabelerError
from annotations.management.importing import AsWritten


class Command(BaseCommand):
    """Erases a picture."""

    help = (
        "Forget a picture: its bytes, its thumbnail and every candidate that shows it,\n"
        "and refuse its return. This cannot be undone.\n\n"
        "Example: manage.py erase_image "
        "7f0c6c1f3b0d5f1e0c2a4b6d8e9fa1b2c3d4e5f60718293a4b5c6d7e8f901234"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the example."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """The digest."""
        parser.add_argument("sha256", metavar="SHA256", help="64 hexadecimal digits")

    def handle(self, **options: Any) -> None:
        """Erase it; again is no error."""
        try:
            erasure.erase_image(sha256=options["sha256"], by=None)
        except LabelerError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(
            "The picture is erased. If the log names files that could not be deleted:"
            " manage.py verify --files --fix"
        )
