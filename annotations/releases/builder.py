"""The builder of a release: freeze, crop pictures in pieces, assemble, describe.

Each step leaves a file that the next worker finds, so a kill costs one step. Every
update of the row requires that its round is still current. An erasure starts another
round, and files that a worker of the former round then writes are deleted.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from annotations import scoring
from annotations.errors import Invalid, LabelerError
from annotations.images import store
from annotations.models import Release, ReleaseState

from . import descriptions, files, pictures, provenance
from .clock import TOO_LONG, Clock, TooLong, is_slow
from .locks import try_lock
from .pieces import PLAN, MissingPiece, Pieces, Unit
from .snapshot import Plan, Snapshot, begin_snapshot, index_of

log = logging.getLogger(__name__)

IDLE_SECONDS = 45
FROZEN, CROPPED = 0.1, 0.95  # the progress after these steps
PIECES_PER_CHECK = 16  # of the clock, during assembly
ATTEMPTS_MAX = 3  # without any progress

Drafts = dict[str, files.Draft]


class _NewRoundError(Exception):
    """Another round has started, so the work of this one is void."""


def find_idle() -> list[int]:
    """Return the ids of unfinished releases without a worker.

    These are new releases, and those whose worker was killed.
    """
    limit = timezone.now() - timedelta(seconds=IDLE_SECONDS)
    unfinished = Release.objects.filter(state__in=files.UNFINISHED)
    idle = unfinished.filter(Q(touched_at=None) | Q(touched_at__lt=limit))
    return list(idle.order_by("pk").values_list("pk", flat=True))


def make(release_id: int, seconds: float | None = None) -> bool:
    """Work on a release for at most `seconds`. Return True when no work is left.

    Return True also if another process works on it.
    """
    with try_lock(release_id) as is_locked:
        release = _unfinished(release_id) if is_locked else None
        if release is None:
            return True
        builder = Builder(release, seconds)
        try:
            return builder.run()
        except _NewRoundError:
            return False
        except OSError:  # the storage is unavailable: a later task continues
            with suppress(_NewRoundError):
                builder.reset_attempts()
            raise
        except Exception as error:
            if isinstance(error, OperationalError) and not is_slow(error):
                raise
            return _fail(release, _problem(error, release))


def _unfinished(release_id: int) -> Release | None:
    """Return a release if it is unfinished, else delete files that a kill left."""
    release = Release.objects.filter(pk=release_id, state__in=files.UNFINISHED).first()
    if release is None:
        files.clear_work(release_id)
    return release


class Builder:
    """One worker's turn at one release."""

    def __init__(self, release: Release, seconds: float | None) -> None:
        self.release = release
        self.clock = Clock(seconds)

    def run(self) -> bool:
        """Work until the release is done or the time is over. Return True if done."""
        self._count_attempt()
        files.clear_work(self.release.pk, keep=self.release.round)
        is_frozen = store.holds(files.work_name(self.release, PLAN))
        if not is_frozen:
            self._freeze()
        is_stuck = is_frozen  # no step was completed in this turn
        try:
            for _ in self._steps():
                is_stuck = False
                self.reset_attempts()
                if self.clock.is_over:
                    return False
        except TooLong:
            if is_stuck:  # the step does not fit into a whole turn
                raise
            return False
        self._finish()
        return True

    def _count_attempt(self) -> None:
        """Count this attempt. Raise TooLong after several without progress.

        Without a time limit no worker is killed for exceeding it, so do not count.
        """
        if self.clock.ends_at is None:
            self._update(state=ReleaseState.RUNNING)
            return
        if self.release.attempts >= ATTEMPTS_MAX:
            raise TooLong(TOO_LONG)
        attempts = self.release.attempts + 1
        self._update(state=ReleaseState.RUNNING, attempts=attempts)

    def reset_attempts(self) -> None:
        """Count attempts from 0: there was progress, or the worker was not killed."""
        if self.release.attempts:
            self._update(attempts=0)

    def _freeze(self) -> None:
        with ExitStack() as stack:
            names = (files.TRUTH, files.JUDGMENTS, files.LINES, PLAN)
            drafts = {name: stack.enter_context(files.draft()) for name in names}
            with transaction.atomic():
                begin_snapshot()
                snapshot = Snapshot(self.release, self.clock)
                plan = snapshot.write(drafts[files.TRUTH], drafts[files.JUDGMENTS])
                for row in snapshot.plan_rows(plan.lines):
                    drafts[PLAN].write(row)
                rules = provenance.rules(self.release)
            for row in index_of(plan.lines):
                drafts[files.LINES].write(row)
            for name, lines in _keys(plan).items():
                drafts[name] = stack.enter_context(files.draft())
                for line in lines:
                    drafts[name].write(line)
            self._store_snapshot(drafts, plan, rules)

    def _store_snapshot(
        self, drafts: Drafts, plan: Plan, rules: dict[str, Any]
    ) -> None:
        """Store the files of the snapshot. The plan is last: with it, all are there."""
        plan_draft = drafts.pop(PLAN)
        self._store(drafts, counts=plan.counts, method=plan.method, rules=rules)
        plan_draft.keep(files.work_name(self.release, PLAN))
        self._update(progress=FROZEN)
        self.reset_attempts()

    def _store(self, drafts: Drafts, **values: Any) -> None:
        """Name files in the row, then store them, so that no file is without a name."""
        entries = {name: draft.entry for name, draft in drafts.items()}
        self._update(files={**self.release.files, **entries}, **values)
        for draft in drafts.values():
            draft.keep()
        try:
            self._update()
        except _NewRoundError:
            files.delete_stored(files.digests_of(entries))
            raise

    def _steps(self) -> Iterator[None]:
        """Crop the missing pieces, then assemble the missing files."""
        pieces = Pieces(self.release)
        for piece in pieces.missing():
            share = piece.index / pieces.total
            self._report(FROZEN + (CROPPED - FROZEN) * share)
            self._crop(piece)
            yield
        for unit in pieces.lines:
            if not self._has(unit):
                self._assemble(unit, pieces)
                yield

    def _report(self, progress: float) -> None:
        """Store the progress, in steps of one percent."""
        if progress >= self.release.progress + 0.01:
            self._update(progress=progress)

    def _crop(self, piece: MissingPiece) -> None:
        with files.draft() as draft:
            for line in pictures.lines_with_crops(piece.rows):
                draft.write(line)
            self._update()
            draft.keep(piece.name)

    def _has(self, unit: Unit) -> bool:
        names = [files.measurement_name(*unit, crop) for crop in files.CROPS]
        entries = self.release.files
        return all(name in entries and files.is_whole(entries[name]) for name in names)

    def _assemble(self, unit: Unit, pieces: Pieces) -> None:
        """Store both files of a subset and split; TooLong if they exceed this turn."""
        names = [files.measurement_name(*unit, crop) for crop in files.CROPS]
        with files.draft() as aligned, files.draft() as cropped:
            without_face = 0
            for number, lines in enumerate(pieces.lines_of(unit), start=1):
                for line in lines:
                    without_face += pictures.write_line(line, aligned, cropped)
                if number % PIECES_PER_CHECK == 0:
                    self.clock.check()
            counts = {f"without_face_{'_'.join(unit)}": without_face}
            drafts = dict(zip(names, (aligned, cropped), strict=True))
            self._store(drafts, counts=self.release.counts | counts)

    def _finish(self) -> None:
        """Describe the files and end the release, which never changes from then on."""
        aligner = scoring.aligner()
        label = f"{aligner.name} {aligner.version}" if aligner else None
        self.release.counts |= {"aligner": label}
        entries = dict(self.release.files)
        entries |= descriptions.describe(self.release, entries, removals=[])
        entries[files.REMOVALS] = descriptions.store_removals([])
        self._update(
            state=ReleaseState.DONE,
            round="",
            files=entries,
            counts=self.release.counts,
            attempts=0,
            progress=1,
            finished_at=Now(),
        )
        files.clear_work(self.release.pk)

    def _update(self, **values: Any) -> None:
        """Update the row and its time of last activity, if the round is current."""
        current = Release.objects.filter(
            pk=self.release.pk,
            state__in=files.UNFINISHED,
            round=self.release.round,
        )
        if not current.update(touched_at=Now(), **values):
            raise _NewRoundError
        for name, value in values.items():
            setattr(self.release, name, value)


def _keys(plan: Plan) -> dict[str, list[bytes]]:
    """Return the lines of `key-….tsv`: line number in the test file, and MID or empty."""
    keys: dict[str, list[bytes]] = {}
    for line in plan.lines:
        lines = keys.setdefault(files.key_name(line.subset), [])
        if line.split == "test":
            lines.append(f"{len(lines) + 1}\t{line.key}\n".encode())
    return keys


def _problem(error: Exception, release: Release) -> str:
    if isinstance(error, Invalid):
        return " ".join(text for texts in error.errors.values() for text in texts)
    if isinstance(error, LabelerError):
        return error.detail
    if is_slow(error):
        return TOO_LONG
    log.error("Release %s failed.", release.pk, exc_info=error)
    return f"Unexpected error ({type(error).__name__})."


def _fail(release: Release, problem: str) -> bool:
    """Fail a release. Return False if another round has started instead."""
    current = Release.objects.filter(pk=release.pk, round=release.round)
    is_failed = current.update(
        state=ReleaseState.FAILED,
        problem=problem,
        files={},
        attempts=0,
        finished_at=Now(),
    )
    if is_failed:
        files.delete_stored(files.digests_of(release.files))
        files.clear_work(release.pk)
    return bool(is_failed)
