"""Making a release: freeze, cut pictures in pieces, put them together, describe, done.

Each step leaves something that the next worker finds, so a kill costs one step. Every
change of the row asks that the round is still the one that it began: an erasure begins
another one, and what an old round's worker has written then is deleted, not released.
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
from .snapshot import Freeze, Frozen, index_of, snapshot
from .locks import alone
from .pieces import PLAN, Pieces, Unit

log = logging.getLogger(__name__)

IDLE_SECONDS = 45
FROZEN, CUT = 0.1, 0.95  # of the progress, after these steps
PIECES_A_LOOK = 16  # at the clock, while they are put together
ATTEMPTS_MAX = 3  # times, without any progress


class _Overtaken(Exception):
    """Another round has begun; what this one does is void."""


def find_idle() -> list[int]:
    """Unfinished releases that nobody works on: new ones, and those of killed workers."""
    quiet = timezone.now() - timedelta(seconds=IDLE_SECONDS)
    unfinished = Release.objects.filter(state__in=files.UNFINISHED)
    waiting = unfinished.filter(Q(touched_at=None) | Q(touched_at__lt=quiet))
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def make(release_id: int, seconds: float | None = None) -> bool:
    """Go on with a release for so long; whether nothing is left to do here.

    Where another process is at it, or it is over, there is nothing.
    """
    with alone(release_id) as is_mine:
        release = _unfinished(release_id) if is_mine else None
        if release is None:
            return True
        builder = Making(release, seconds)
        try:
            return builder.run()
        except _Overtaken:
            return False
        except OSError:  # the storage is away: it goes on later
            with suppress(_Overtaken):
                builder.note_survival()
            raise
        except Exception as error:
            if isinstance(error, OperationalError) and not is_slow(error):
                raise
            return _fail(release, _said(error, release))


def _unfinished(release_id: int) -> Release | None:
    """A release that is to be made; of one that is over, what a kill has left goes."""
    found = Release.objects.filter(pk=release_id, state__in=files.UNFINISHED).first()
    if found is None:
        files.clear_work(release_id)
    return found


class Making:
    """One worker at one release."""

    def __init__(self, release: Release, seconds: float | None) -> None:
        self.release = release
        self.clock = Clock(seconds)

    def run(self) -> bool:
        """Work until it is done or the time is over."""
        self._begin()
        files.clear_work(self.release.pk, keep=self.release.round)
        is_fresh = self._is_frozen()
        if not is_fresh:
            self._freeze()
        try:
            for _ in self._steps():
                is_fresh = False
                self.note_survival()
                if self.clock.is_over:
                    return False
        except TooLong:
            if is_fresh:  # a whole turn is too short for it
                raise
            return False
        self._finish()
        return True

    def _begin(self) -> None:
        """Count the beginning; TooLong where workers were killed over and over again.

        Without a limit of time nobody is killed for passing it, so nothing is counted.
        """
        if self.clock.ends is None:
            self._update(state=ReleaseState.RUNNING)
            return
        if self.release.attempts >= ATTEMPTS_MAX:
            raise TooLong(TOO_LONG)
        attempts = self.release.attempts + 1
        self._update(state=ReleaseState.RUNNING, attempts=attempts)

    def note_survival(self) -> None:
        """Note that something was got on with, or that nobody was killed."""
        if self.release.attempts:
            self._update(attempts=0)

    def _is_frozen(self) -> bool:
        """The plan is written last."""
        return store.holds(files.work_name(self.release, PLAN))

    def _freeze(self) -> None:
        with ExitStack() as drafts:
            names = (files.TRUTH, files.JUDGMENTS, files.LINES, PLAN)
            made = {name: drafts.enter_context(files.draft()) for name in names}
            with transaction.atomic():
                snapshot()
                freeze = Freeze(self.release, self.clock)
                frozen = freeze.run(made[files.TRUTH], made[files.JUDGMENTS])
                for line in freeze.details(frozen.lines):
                    made[PLAN].write(line)
                rules = provenance.rules(self.release)
            for line in index_of(frozen.lines):
                made[files.LINES].write(line)
            self._keep_frozen(made, frozen, rules)

    def _keep_frozen(
        self, made: dict[str, files.Draft], frozen: Frozen, rules: dict[str, Any]
    ) -> None:
        keys = self._keys(frozen)
        with ExitStack() as drafts:
            for name, lines in keys.items():
                made[name] = drafts.enter_context(files.draft())
                for line in lines:
                    made[name].write(line)
            plan = made.pop(PLAN)
            self._keep(made, counts=frozen.counts, method=frozen.method, rules=rules)
            plan.keep(files.work_name(self.release, PLAN))
        self._update(progress=FROZEN)
        self.note_survival()

    def _keys(self, frozen: Frozen) -> dict[str, list[bytes]]:
        """`key-….tsv`: the line's number in the test file and its MID, if it has one."""
        found: dict[str, list[bytes]] = {}
        for line in frozen.lines:
            own = found.setdefault(files.key_name(line.subset), [])
            if line.split == "test":
                own.append(f"{len(own) + 1}\t{line.key}\n".encode())
        return found

    def _keep(self, made: dict[str, files.Draft], **values: Any) -> None:
        """Name the files in the row, then store them: no file lies there unnamed."""
        entries = {name: each.entry for name, each in made.items()}
        self._update(files={**self.release.files, **entries}, **values)
        for each in made.values():
            each.keep()
        self._check_round(made)

    def _check_round(self, made: dict[str, files.Draft]) -> None:
        try:
            self._update()
        except _Overtaken:
            files.delete_stored({each.entry["sha256"] for each in made.values()})
            raise

    def _steps(self) -> Iterator[None]:
        """Pieces of pictures that are missing, then the files that they make."""
        pieces = Pieces(self.release)
        for before, name, rows in pieces.missing():
            self._told(FROZEN + (CUT - FROZEN) * before / pieces.total)
            self._cut(rows, name)
            yield
        for unit in pieces.lines:
            if not self._has(unit):
                self._assemble(unit, pieces)
                yield

    def _told(self, progress: float) -> None:
        """Tell how far it is, in steps of a percent."""
        if progress >= self.release.progress + 0.01:
            self._update(progress=progress)

    def _cut(self, rows: list[list[Any]], name: str) -> None:
        with files.draft() as piece:
            for line in pictures.cut(rows):
                piece.write(line)
            self._update()
            piece.keep(name)

    def _has(self, unit: Unit) -> bool:
        names = [files.measurement_name(*unit, cut) for cut in files.CROPS]
        known = self.release.files
        return all(
            n in known
            and store.holds(files.stored_name(known[n]["sha256"]), known[n]["bytes"])
            for n in names
        )

    def _assemble(self, unit: Unit, pieces: Pieces) -> None:
        """Both files of a subset and split; TooLong where it does not fit into the turn."""
        names = [files.measurement_name(*unit, cut) for cut in files.CROPS]
        with files.draft() as aligned, files.draft() as cropped:
            without_face = 0
            for number, lines in enumerate(pieces.lines_of(unit), start=1):
                without_face += sum(pictures.part(n, aligned, cropped) for n in lines)
                if number % PIECES_A_LOOK == 0:
                    self.clock.look()
            counts = {f"without_face_{'_'.join(unit)}": without_face}
            made = dict(zip(names, (aligned, cropped), strict=True))
            self._keep(made, counts=self.release.counts | counts)

    def _finish(self) -> None:
        """Describe what there is; from then on it never changes."""
        aligner = scoring.aligner()
        said = f"{aligner.name} {aligner.version}" if aligner else None
        self.release.counts |= {"aligner": said}
        final = dict(self.release.files)
        final |= descriptions.describe(self.release, final, removals=[])
        final[files.REMOVALS] = descriptions.keep_removals([])
        self._update(
            state=ReleaseState.DONE,
            files=final,
            counts=self.release.counts,
            attempts=0,
            progress=1,
            finished_at=Now(),
        )
        files.clear_work(self.release.pk)

    def _update(self, **values: Any) -> None:
        """Change the row, if this round still counts, with a sign of life."""
        same = Release.objects.filter(
            pk=self.release.pk,
            state__in=files.UNFINISHED,
            round=self.release.round,
        )
        if not same.update(touched_at=Now(), **values):
            raise _Overtaken
        for name, value in values.items():
            setattr(self.release, name, value)


def _said(error: Exception, release: Release) -> str:
    if isinstance(error, Invalid):
        return " ".join(said for each in error.errors.values() for said in each)
    if isinstance(error, LabelerError):
        return error.detail
    if is_slow(error):
        return TOO_LONG
    log.error("Release %s failed.", release.pk, exc_info=error)
    return f"An error that nobody foresaw: {type(error).__name__}."


def _fail(release: Release, problem: str) -> bool:
    """End it, unless an erasure has begun another round."""
    files_of = release.files
    same = Release.objects.filter(pk=release.pk, round=release.round)
    is_over = bool(
        same.update(
            state=ReleaseState.FAILED,
            problem=problem,
            files={},
            attempts=0,
            finished_at=Now(),
        )
    )
    if is_over:
        files.delete_stored(files.digests_of(files_of))
        files.clear_work(release.pk)
    return is_over
