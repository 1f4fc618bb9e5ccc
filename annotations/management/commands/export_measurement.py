"""`manage.py export_measurement`: a measurement set of a release as a file."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser

from annotations import releases
from annotations.management.exports import ExportCommand, add_release, stored_file
from annotations.releases.files import CROPS, SPLITS, SUBSETS, key_name


class Command(ExportCommand):
    """Writes a file in the released DevSet layout, or the key of a test file."""

    help = (
        "Write a measurement set of a release, in the released DevSet layout.\n\n"
        "Example: manage.py export_measurement --release first --subset random"
        " --split dev DevSet2.tsv"
    )

    header_lines = 0

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the release, the measurement set and the output file."""
        parser.add_argument(
            "output", nargs="?", default="-", help="a file; - is standard output"
        )
        add_release(parser, required=True)
        parser.add_argument("--subset", choices=SUBSETS, default="random")
        parser.add_argument("--split", choices=SPLITS, default="dev")
        parser.add_argument("--image", choices=CROPS, default="aligned")
        parser.add_argument(
            "--key", action="store_true", help="the key of the test split instead"
        )

    def stream(self, **options: Any) -> Iterator[bytes]:
        """Return the file, piece by piece."""
        subset = options["subset"]
        if options["key"]:
            return stored_file(options["release"], key_name(subset))
        name = releases.measurement_name(subset, options["split"], options["image"])
        return stored_file(options["release"], name)
