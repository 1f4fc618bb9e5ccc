"""What the export commands share: where the file goes and how far it is."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from annotations import releases
from annotations.errors import LabelerError, NotFound
from annotations.models import Release
from annotations.releases.files import chunks

from .importing import LOG_SECONDS, AsWritten


class ExportCommand(BaseCommand):
    """Streams a file of some batches, or of a release, to disk, or to standard output.

    A file appears under its name only when it is whole.
    """

    header_lines = 1

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the example."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """What of, and the output file."""
        parser.add_argument(
            "output", nargs="?", default="-", help="a file; - is standard output"
        )
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--batch",
            type=int,
            action="append",
            metavar="ID",
            help="a batch as it is now; repeat it for several",
        )
        add_release(source)

    def stream(self, **options: Any) -> Iterator[bytes]:
        """The file's pieces, each of whole rows, the header first."""
        raise NotImplementedError

    def handle(self, **options: Any) -> None:
        """Write the file."""
        output = options["output"]
        try:
            pieces = self.stream(**options)
            if output == "-":
                self._print(pieces)
            else:
                with whole_file(Path(output)) as file:
                    self._copy(pieces, file)
        except LabelerError as error:
            raise CommandError(error.detail) from error

    def _print(self, pieces: Iterator[bytes]) -> None:
        out = getattr(self.stdout, "buffer", None)
        if out is None:
            self.stdout.write(b"".join(pieces).decode(), ending="")
            return
        try:
            self._copy(pieces, out)
            out.flush()
        except BrokenPipeError:
            # `| head` has seen enough; the interpreter must not flush once more.
            sys.stdout = None

    def _copy(self, pieces: Iterator[bytes], file: BinaryIO) -> None:
        is_terminal = sys.stderr.isatty()
        rows, told_at = -self.header_lines, time.monotonic()
        with tqdm(unit=" rows", unit_scale=True, disable=not is_terminal) as bar:
            for piece in pieces:
                file.write(piece)
                written = piece.count(b"\n")
                rows += written
                bar.update(written)
                if not is_terminal and time.monotonic() - told_at >= LOG_SECONDS:
                    told_at = time.monotonic()
                    self.stderr.write(f"{rows:,} rows")
        if not is_terminal:
            self.stderr.write(f"{rows:,} rows written")


def add_release(parser: Any, **options: Any) -> None:
    """The option that names a release."""
    parser.add_argument(
        "--release", metavar="NAME", help="a release, as it was frozen", **options
    )


def stored_file(release: str, file: str) -> Iterator[bytes]:
    """A file of the release of this name, piece by piece."""
    found = Release.objects.filter(name=release).first()
    if found is None:
        raise NotFound(f"There is no release {release}.")
    return chunks(releases.open_file(found, file))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only when the block has ended well."""
    unfinished = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
