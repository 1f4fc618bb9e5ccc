"""`manage.py verify`: recompute what is stored, name what differs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from annotations import verification
from annotations.management.importing import AsWritten


class Command(BaseCommand):
    """Verifies stored counts and states."""

    help = (
        "Recompute every stored count and state and name what differs. Ends with 1\n"
        "where something differs and is not mended.\n\n"
        "Example: manage.py verify --files --fix"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the example."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """What to look at, and whether to mend."""
        parser.add_argument("--fix", action="store_true", help="mend what differs")
        parser.add_argument(
            "--files", action="store_true", help="compare the store's files, too"
        )

    def handle(self, **options: Any) -> None:
        """Tell each difference as it is found."""
        found = mended = 0
        differences = verification.verify(fix=options["fix"], files=options["files"])
        with tqdm(
            differences, unit=" differences", disable=not sys.stderr.isatty()
        ) as bar:
            for difference in bar:
                found += 1
                mended += difference.is_mended
                self.stdout.write(str(difference))
        if found > mended:
            raise CommandError(f"{found:,} differences, {mended:,} mended.")
        self.stdout.write(
            f"{found:,} differences, all mended." if found else "Everything is right."
        )
