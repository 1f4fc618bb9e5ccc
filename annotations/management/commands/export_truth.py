"""`manage.py export_truth`: the ground truth of batches as a file."""

from collections.abc import Iterator
from typing import Any

from annotations import export
from annotations.management.exports import ExportCommand, stored_file


class Command(ExportCommand):
    """Writes truth.tsv."""

    help = (
        "Write truth.tsv: a row for every candidate of the batches in their current\n"
        "state, or of a release.\n\n"
        "Example: manage.py export_truth --batch 1 --batch 2 truth.tsv\n"
        "         manage.py export_truth --release first truth.tsv"
    )

    def stream(self, **options: Any) -> Iterator[bytes]:
        """Return the rows of truth.tsv."""
        if options["release"] is not None:
            return stored_file(options["release"], "truth.tsv")
        return export.stream_truth(options["batch"])
