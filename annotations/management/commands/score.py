"""`manage.py score`: score candidates in this process."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from annotations import intake, queue, scoring
from annotations.management.importing import LOG_SECONDS, ExampleCommand
from annotations.models import BatchEntity, Entity, PendingScoring, Scorer
from annotations.models.pending_scoring import request_scoring

SLICE_SECONDS = 10


class Command(ExampleCommand):
    """Scores candidates, beside the scoring workers or without them."""

    help = (
        "Score every candidate that lacks a score, by comparing it with its entity's\n"
        "references. Several of these commands and scoring workers can run at once.\n\n"
        "Examples:\n"
        "  manage.py score\n"
        "  manage.py score --batch 7 --scorer faces\n"
        "  manage.py score --entity m.06y3r\n"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the entities and the scorer."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--batch", type=int, metavar="ID", help="entities of a batch"
        )
        group.add_argument("--entity", metavar="KEY", help="one entity")
        parser.add_argument("--scorer", metavar="NAME", help="faces, pixels …")

    def handle(self, **options: Any) -> None:
        """Request scoring of the entities, then score until all are done."""
        rows = _rows(options["scorer"])
        entities = _entities(options["batch"], options["entity"])
        for row in rows:
            _request(row, entities)
        self._work(rows, entities)

    def _work(self, rows: Sequence[Scorer], entities: list[int] | None) -> None:
        pending = PendingScoring.objects.filter(scorer__in=rows)
        if entities is not None:
            pending = pending.filter(entity__in=entities)
        progress = _Progress(self, pending.count())
        while True:
            result = scoring.score_due(
                seconds=SLICE_SECONDS,
                entities=entities,
                scorers=rows,
                then=progress,
            )
            if not result.has_more:
                break
        progress.close()
        if count := pending.count():
            self.stdout.write(
                f"{count:,} entities remain, for workers that score them now or for a"
                " later attempt. The scorer's page lists the problems."
            )


def _rows(name: str | None) -> list[Scorer]:
    rows = scoring.register()
    scorers = [row for row in rows if name in (None, row.name)]
    if not scorers:
        names = ", ".join(row.name for row in rows) or "none"
        raise CommandError(f"There is no scorer {name}. LABELER_SCORERS has {names}.")
    for scorer in scorers:
        if scorer.paused_at:
            raise CommandError(f"{scorer.name} is paused. Resume it first.")
    return scorers


def _request(row: Scorer, entities: list[int] | None) -> None:
    if entities is None:
        scoring.sweep_all(row)
    else:
        request_scoring(entities, scorer=row.pk)


def _entities(batch: int | None, key: str | None) -> list[int] | None:
    if batch is not None:
        rows = BatchEntity.objects.filter(batch=batch)
        entities = list(rows.values_list("entity_id", flat=True))
        if not entities:
            raise CommandError(f"There is no batch {batch}.")
        return entities
    if key is not None:
        keyed = Entity.objects.filter(key=intake.normalise_key(key))
        entity_id = keyed.values_list("pk", flat=True).first()
        if entity_id is None:
            raise CommandError(f"There is no entity {key}.")
        return [entity_id]
    return None


class _Progress:
    """A progress bar in a terminal, else a line every few seconds."""

    def __init__(self, command: BaseCommand, total: int) -> None:
        self._command = command
        self._total, self._done = total, 0
        self._logged_at = time.monotonic()
        is_terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, unit=" entities", disable=not is_terminal)

    def __call__(self, entities: list[int]) -> None:
        """Update the queue's order by these entities' new scores, and show the progress."""
        queue.reorder(entities)
        self._done += len(entities)
        self._bar.update(len(entities))
        is_due = time.monotonic() - self._logged_at >= LOG_SECONDS
        if self._bar.disable and is_due:
            self._log()

    def close(self) -> None:
        """Show the final number."""
        self._bar.close()
        self._log()

    def _log(self) -> None:
        self._logged_at = time.monotonic()
        self._command.stdout.write(f"{self._done:,} of {self._total:,} entities scored")
        self._command.stdout.flush()
