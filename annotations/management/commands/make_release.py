"""`manage.py make_release`: make a release here, however large it is."""

import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from annotations import releases
from annotations.management.importing import AsWritten
from annotations.models import Release, ReleaseState

TOLD_SECONDS = 2


class Command(BaseCommand):
    """Goes on with a release that was asked for, without a worker's limit of time."""

    help = (
        "Make a release that was asked for, or one that failed, from where it is.\n\n"
        "Example: manage.py make_release first"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the example."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one."""
        parser.add_argument("release", help="its name")

    def handle(self, **options: Any) -> None:
        """Make it."""
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
            raise CommandError("Another process is making it; look at its page.")
        self.stdout.write(f"{name} is done: {len(releases.file_names(release))} files")

    def _make(self, release: Release) -> None:
        """Work until nothing is left, and show how far it is."""
        ended = threading.Event()
        shown = threading.Thread(target=self._show, args=[release.pk, ended])
        shown.start()
        try:
            while not releases.make(release.pk):
                continue
        finally:
            ended.set()
            shown.join()

    def _show(self, number: int, ended: threading.Event) -> None:
        is_terminal = sys.stderr.isatty()
        last = -1.0
        with tqdm(total=100, unit="%", disable=not is_terminal) as bar:
            while not ended.wait(TOLD_SECONDS):
                rows = Release.objects.filter(pk=number)
                far = rows.values_list("progress", flat=True).first() or 0.0
                bar.n = round(100 * far)
                bar.refresh()
                if not is_terminal and far != last:
                    last = far
                    self.stderr.write(f"{far:.0%}")
        connection.close()
