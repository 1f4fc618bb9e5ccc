"""What the three import commands share: arguments, progress, the account at the end."""

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


class AsWritten(DjangoHelpFormatter):
    """Help that keeps the lines of its examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "".join(indent + line for line in text.splitlines(keepends=True))


class Report:
    """A progress bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, command: BaseCommand) -> None:
        self._command = command
        self._bar: Any = None
        self._told_at = time.monotonic()

    def __call__(self, import_: Import, done: int | None, total: int | None) -> None:
        """Tell how far the import is."""
        if sys.stderr.isatty():
            self._draw(import_, done, total)
        elif time.monotonic() - self._told_at >= LOG_SECONDS:
            self._told_at = time.monotonic()
            share = f" ({done / total:.0%})" if total and done is not None else ""
            self._command.stdout.write(f"{_account(import_)}{share}")
            self._command.stdout.flush()

    def close(self) -> None:
        """Leave the bar as it is."""
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
        at = import_.rows_read if done is None else done
        self._bar.update(at - self._bar.n)


def _account(import_: Import) -> str:
    return (
        f"{import_.rows_read:,} rows read: {import_.rows_added:,} added,"
        f" {import_.rows_known:,} known, {import_.rows_refused:,} refused"
    )


class ImportCommand(BaseCommand):
    """An import by command. It goes on where an interrupted one of the file stopped."""

    allowed: ClassVar[Collection[str]] = ()
    example: ClassVar[str] = ""

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        """Add the example to the help."""
        parser = super().create_parser(
            prog_name, subcommand, epilog=f"Examples:\n{self.example}", **kwargs
        )
        parser.formatter_class = AsWritten
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """Where refused rows go."""
        parser.add_argument(
            "--refused",
            type=Path,
            default=Path("refused.tsv"),
            metavar="PATH",
            help="where rows that are not taken are listed (default: refused.tsv)",
        )

    def take(
        self, file: str, *, refused: Path, layout: str = "", with_images: bool = True
    ) -> None:
        """Import a file, `-` for standard input, or a folder; tell what came of it."""
        try:
            import_ = self._import(file, layout, with_images)
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was read is kept; run the same command again to go on.",
                returncode=130,
            ) from None
        except LabelerError as error:
            raise CommandError(error.detail) from error
        except intake.TEMPORARY_ERRORS as error:
            raise CommandError(
                f"Stopped: {str(error).strip()}. What was read is kept; run the same"
                " command again to go on."
            ) from error
        self._conclude(import_, refused)

    def _import(self, file: str, layout: str, with_images: bool) -> Import:
        path = Path(file)
        if file != "-" and not path.exists():
            raise CommandError(f"There is no file {file}.")
        import_ = self._begun(file, layout, with_images)
        source: Path | IO[bytes] = sys.stdin.buffer if file == "-" else path
        report = Report(self)
        try:
            intake.run(import_, source, progress=report, allowed=self.allowed)
        finally:
            report.close()
        return import_

    def _begun(self, file: str, layout: str, with_images: bool) -> Import:
        name = file
        if file != "-":
            name = str(Path(file).resolve())
            earlier = intake.unfinished(
                path=Path(name), layout=layout, with_images=with_images
            )
            if earlier is not None:
                self.stdout.write(f"Going on after line {earlier.position:,}.")
                return earlier
        return intake.start(
            file_name=name, layout=layout, with_images=with_images, upload="", by=None
        )

    def _conclude(self, import_: Import, refused: Path) -> None:
        if import_.rows_refused:
            with refused.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(intake.refused_tsv(import_))
        if import_.state == ImportState.FAILED:
            raise CommandError(import_.problem)
        where = f" (see {refused})" if import_.rows_refused else ""
        self.stdout.write(f"Done, layout {import_.layout}: {_account(import_)}{where}.")
