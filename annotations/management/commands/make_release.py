"""`manage.py make_release`: build a release in this process, without a time limit."""

import sys
import threading
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from annotations import releases
from annotations.management.importing import ExampleCommand
from annotations.models import Release, ReleaseState

LOG_SECONDS = 2


class Command(ExampleCommand):
    """Continues a requested release without the time limit of workers."""

    help = (
        "Build a requested release, or continue a failed one.\n\n"
        "Example: manage.py make_release first"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the release's name."""
        parser.add_argument("release", help="its name")

    def handle(self, **options: Any) -> None:
        """Build the release."""
        name = options["release"]
        release = Release.objects.filter(name=name).first()
        if release is None:
            raise CommandError(f"There is no release {name}.")
        if release.state == ReleaseState.FAILED:
            releases.retry(release=release, by=release.created_by)
        self._make(release)
        release.refresh_from_db()
        if release.state == ReleaseState.FAILED:
            raise CommandError(release.problem)
        if release.state != ReleaseState.DONE:
            raise CommandError(
                "Another process builds this release. Its page shows the progress."
            )
        self.stdout.write(f"{name} is done: {len(releases.file_names(release))} files")

    def _make(self, release: Release) -> None:
        """Build until the release is done, and show the progress."""
        is_over = threading.Event()
        display = threading.Thread(target=self._show, args=[release.pk, is_over])
        display.start()
        try:
            while not releases.make(release.pk):
                continue
        finally:
            is_over.set()
            display.join()

    def _show(self, release_id: int, is_over: threading.Event) -> None:
        is_terminal = sys.stderr.isatty()
        last = -1.0
        with tqdm(total=100, unit="%", disable=not is_terminal) as bar:
            while not is_over.wait(LOG_SECONDS):
                rows = Release.objects.filter(pk=release_id)
                progress = rows.values_list("progress", flat=True).first() or 0.0
                bar.n = round(100 * progress)
                bar.refresh()
                if not is_terminal and progress != last:
                    last = progress
                    self.stderr.write(f"{progress:.0%}")
        connection.close()
