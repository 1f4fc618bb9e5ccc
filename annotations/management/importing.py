"""Base of the three import commands: arguments, progress, summary."""

import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, ClassVar

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from tqdm import tqdm

from annotations import intake
from annotations.errors import LabelerError
from annotations.models import Import, ImportState

LOG_SECONDS = 5


class ExampleFormatter(DjangoHelpFormatter):
    """A help formatter that keeps the line breaks of examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "".join(indent + line for line in text.splitlines(keepends=True))


class ExampleCommand(BaseCommand):
    """A command whose help ends with an example."""

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the line breaks of the help."""
        return super().create_parser(*args, formatter_class=ExampleFormatter, **kwargs)


class Progress:
    """A progress bar in a terminal, else a line every few seconds."""

    def __init__(self, command: BaseCommand) -> None:
        self._command = command
        self._bar: Any = None
        self._logged_at = time.monotonic()

    def __call__(self, import_: Import, done: int | None, total: int | None) -> None:
        """Show the progress of an import."""
        if sys.stderr.isatty():
            self._draw(import_, done, total)
        elif time.monotonic() - self._logged_at >= LOG_SECONDS:
            self._logged_at = time.monotonic()
            share = f" ({done / total:.0%})" if total and done is not None else ""
            self._command.stdout.write(f"{_summary(import_)}{share}")
            self._command.stdout.flush()

    def close(self) -> None:
        """Stop the bar and leave it on the screen."""
        if self._bar is not None:
            self._bar.close()

    def _draw(self, import_: Import, done: int | None, total: int | None) -> None:
        if self._bar is None:
            is_sized = total is not None
            self._bar = tqdm(
                total=total,
                unit="B" if is_sized else " rows",
                unit_scale=True,
                dynamic_ncols=True,
            )
        self._bar.set_postfix_str(f"{import_.rows_read:,} rows", refresh=False)
        position = import_.rows_read if done is None else done
        self._bar.update(position - self._bar.n)


def _summary(import_: Import) -> str:
    return (
        f"{import_.rows_read:,} rows read: {import_.rows_added:,} added,"
        f" {import_.rows_known:,} already imported, {import_.rows_refused:,} refused"
    )


class ImportCommand(ExampleCommand):
    """An import by command. It continues an interrupted import of the same file."""

    allowed: ClassVar[Collection[str]] = ()
    example: ClassVar[str] = ""

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        """Add the example to the help."""
        epilog = f"Examples:\n{self.example}"
        return super().create_parser(prog_name, subcommand, epilog=epilog, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the path for refused rows."""
        parser.add_argument(
            "--refused",
            type=Path,
            default=Path("refused.tsv"),
            metavar="PATH",
            help="the file for refused rows (default: refused.tsv)",
        )

    def import_source(
        self, file: str, *, refused: Path, layout: str = "", with_images: bool = True
    ) -> None:
        """Import a file, a folder or `-` for standard input; print a summary."""
        try:
            import_ = self._import(file, layout, with_images)
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. All rows so far are imported. Run the same command again to continue.",
                returncode=130,
            ) from None
        except LabelerError as error:
            raise CommandError(error.detail) from error
        except intake.TEMPORARY_ERRORS as error:
            raise CommandError(
                f"Stopped: {str(error).strip()}. All rows so far are imported. To continue,"
                " run the same command again."
            ) from error
        self._finish(import_, refused)

    def _import(self, file: str, layout: str, with_images: bool) -> Import:
        path = Path(file)
        if file != "-" and not path.exists():
            raise CommandError(f"There is no file {file}.")
        import_ = self._find_or_start(file, layout, with_images)
        source: Path | IO[bytes] = sys.stdin.buffer if file == "-" else path
        progress = Progress(self)
        try:
            intake.run(import_, source, progress=progress, allowed=self.allowed)
        finally:
            progress.close()
        return import_

    def _find_or_start(self, file: str, layout: str, with_images: bool) -> Import:
        name = file
        if file != "-":
            name = str(Path(file).resolve())
            unfinished = intake.unfinished(
                path=Path(name), layout=layout, with_images=with_images
            )
            if unfinished is not None:
                self.stdout.write(f"Continuing after line {unfinished.position:,}.")
                return unfinished
        return intake.start(
            file_name=name, layout=layout, with_images=with_images, upload="", by=None
        )

    def _finish(self, import_: Import, refused: Path) -> None:
        if import_.rows_refused:
            with refused.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(intake.refused_tsv(import_))
        for text, entry in import_.warnings.items():
            place = f" (first in line {entry['line']:,})" if entry["line"] else ""
            self.stderr.write(f"Warning: {text} {entry['count']:,} times{place}.")
        if import_.state == ImportState.FAILED:
            raise CommandError(import_.problem)
        hint = f" (see {refused})" if import_.rows_refused else ""
        self.stdout.write(f"Done, layout {import_.layout}: {_summary(import_)}{hint}.")
