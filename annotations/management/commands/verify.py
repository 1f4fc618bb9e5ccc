"""`manage.py verify`: recompute stored counts and states, list differences."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from annotations import verification
from annotations.management.importing import ExampleCommand


class Command(ExampleCommand):
    """Verifies stored counts and states."""

    help = (
        "Recompute all stored counts and states and list the differences. The exit status\n"
        "is 1 if a difference remains.\n\n"
        "Example: manage.py verify --files --fix"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options for files and for corrections."""
        parser.add_argument(
            "--fix", action="store_true", help="correct the differences"
        )
        parser.add_argument(
            "--files", action="store_true", help="check the stored files too"
        )

    def handle(self, **options: Any) -> None:
        """Print each difference at once, and the numbers at the end."""
        count = corrections = 0
        differences = verification.verify(fix=options["fix"], files=options["files"])
        with tqdm(
            differences, unit=" differences", disable=not sys.stderr.isatty()
        ) as bar:
            for difference in bar:
                count += 1
                corrections += difference.is_mended
                self.stdout.write(str(difference))
        if count > corrections:
            raise CommandError(f"Differences: {count:,}. Corrected: {corrections:,}.")
        self.stdout.write(
            f"Differences: {count:,}. All are corrected."
            if count
            else "No differences."
        )
