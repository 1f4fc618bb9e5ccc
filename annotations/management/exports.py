"""Base of the export commands: output file and progress."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from annotations import releases
from annotations.errors import LabelerError, NotFound
from annotations.models import Release
from annotations.releases.files import chunks

from .importing import LOG_SECONDS, ExampleCommand


class ExportCommand(ExampleCommand):
    """Writes a file of some batches or of a release, to disk or to standard output.

    A file appears under its name only when it is complete.
    """

    header_lines = 1

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the source and the output file."""
        parser.add_argument(
            "output", nargs="?", default="-", help="a file; - is standard output"
        )
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--batch",
            type=int,
            action="append",
            metavar="ID",
            help="a batch in its current state; can be repeated",
        )
        add_release(source)

    def stream(self, **options: Any) -> Iterator[bytes]:
        """Return the file's pieces: complete rows, with the header first."""
        raise NotImplementedError

    def handle(self, **options: Any) -> None:
        """Write the file."""
        output = options["output"]
        try:
            pieces = self.stream(**options)
            if output == "-":
                self._print(pieces)
            else:
                with atomic_file(Path(output)) as file:
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
            # The reader, such as `head`, has closed the pipe. Prevent another flush at exit.
            sys.stdout = None

    def _copy(self, pieces: Iterator[bytes], file: BinaryIO) -> None:
        is_terminal = sys.stderr.isatty()
        rows, logged_at = -self.header_lines, time.monotonic()
        with tqdm(unit=" rows", unit_scale=True, disable=not is_terminal) as bar:
            for piece in pieces:
                file.write(piece)
                piece_rows = piece.count(b"\n")
                rows += piece_rows
                bar.update(piece_rows)
                if not is_terminal and time.monotonic() - logged_at >= LOG_SECONDS:
                    logged_at = time.monotonic()
                    self.stderr.write(f"{rows:,} rows")
        if not is_terminal:
            self.stderr.write(f"{rows:,} rows written")


def add_release(parser: Any, **options: Any) -> None:
    """Add the option for a release's name."""
    parser.add_argument("--release", metavar="NAME", help="a release", **options)


def stored_file(release: str, file: str) -> Iterator[bytes]:
    """Yield a file of the release with this name, piece by piece."""
    row = Release.objects.filter(name=release).first()
    if row is None:
        raise NotFound(f"There is no release {release}.")
    return chunks(releases.open_file(row, file))


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name only if the block succeeds."""
    unfinished = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
