"""`manage.py score`: score what is due, here and now."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from annotations import intake, queue, scoring
from annotations.management.importing import LOG_SECONDS, AsWritten
from annotations.models import BatchEntity, Entity, PendingScoring, Scorer, due

SLICE_SECONDS = 10


class Command(BaseCommand):
    """Scores candidates beside the workers, or in place of them."""

    help = (
        "Look at every candidate that lacks a score and compare it with its entity's\n"
        "references. Any number of these, and of scoring workers, may run at once.\n\n"
        "Examples:\n"
        "  manage.py score\n"
        "  manage.py score --batch 7 --scorer faces\n"
        "  manage.py score --entity m.06y3r\n"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the examples."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose candidates, by which scorer."""
        of = parser.add_mutually_exclusive_group()
        of.add_argument("--batch", type=int, metavar="ID", help="entities of a batch")
        of.add_argument("--entity", metavar="KEY", help="one entity")
        parser.add_argument("--scorer", metavar="NAME", help="faces, pixels …")

    def handle(self, **options: Any) -> None:
        """Mark what is asked for, then work until nothing is due."""
        rows = _rows(options["scorer"])
        entities = _entities(options["batch"], options["entity"])
        for row in rows:
            _mark(row, entities)
        self._work(rows, entities)

    def _work(self, rows: Sequence[Scorer], entities: list[int] | None) -> None:
        waiting = PendingScoring.objects.filter(scorer__in=rows)
        if entities is not None:
            waiting = waiting.filter(entity__in=entities)
        report = _Report(self, waiting.count())
        while True:
            done = scoring.score_due(
                seconds=SLICE_SECONDS,
                entities=entities,
                scorers=rows,
                then=report,
            )
            if not done.has_more:
                break
        report.close()
        if left := waiting.count():
            self.stdout.write(
                f"{left:,} entities are left to workers that hold them, or to a later"
                " try; the page of the model names what was in the way."
            )


def _rows(name: str | None) -> list[Scorer]:
    rows = scoring.register()
    chosen = [row for row in rows if name in (None, row.name)]
    if not chosen:
        known = ", ".join(row.name for row in rows) or "none"
        raise CommandError(f"There is no scorer {name}; LABELER_SCORERS has {known}.")
    if paused := [row.name for row in chosen if row.paused_at]:
        raise CommandError(f"{', '.join(paused)} is paused; resume it first.")
    return chosen


def _mark(row: Scorer, entities: list[int] | None) -> None:
    if entities is None:
        scoring.sweep_all(row)
    else:
        due.mark(entities, scorer=row.pk)


def _entities(batch: int | None, key: str | None) -> list[int] | None:
    if batch is not None:
        rows = BatchEntity.objects.filter(batch=batch)
        found = list(rows.values_list("entity_id", flat=True))
        if not found:
            raise CommandError(f"There is no batch {batch}.")
        return found
    if key is not None:
        own = Entity.objects.filter(key=intake.normalise_key(key))
        number = own.values_list("pk", flat=True).first()
        if number is None:
            raise CommandError(f"There is no entity {key}.")
        return [number]
    return None


class _Report:
    """A bar on a terminal, a line every few seconds elsewhere."""

    def __init__(self, command: BaseCommand, total: int) -> None:
        self._command = command
        self._total, self._done = total, 0
        self._told_at = time.monotonic()
        is_shown = sys.stderr.isatty()
        self._bar = tqdm(total=total, unit=" entities", disable=not is_shown)

    def __call__(self, entities: list[int]) -> None:
        """These are scored: judges are served by it, and the bar moves."""
        queue.reorder(entities)
        self._done += len(entities)
        self._bar.update(len(entities))
        is_time = time.monotonic() - self._told_at >= LOG_SECONDS
        if self._bar.disable and is_time:
            self._tell()

    def close(self) -> None:
        """Tell the end."""
        self._bar.close()
        self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        self._command.stdout.write(f"{self._done:,} of {self._total:,} entities scored")
        self._command.stdout.flush()
