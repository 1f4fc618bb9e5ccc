"""`manage.py export_truth`: the ground truth of batches as a file."""

from collections.abc import Iterator
from typing import Any

from annotations import export
from annotations.management.exports import ExportCommand


class Command(ExportCommand):
    """Writes truth.tsv."""

    help = (
        "Write truth.tsv: a row for every candidate of the batches, as it stands now.\n\n"
        "Example: manage.py export_truth --batch 1 --batch 2 truth.tsv"
    )

    def stream(self, **options: Any) -> Iterator[bytes]:
        """The rows of truth.tsv."""
        return export.stream_truth(options["batch"])
