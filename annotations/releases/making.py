"""Making a release: freeze, cut pictures in pieces, put them together, describe, done.

Each step leaves something that the next worker finds, so a kill costs one step. Every
change of the row asks that the round is still the one that it began: an erasure begins
another one, and what an old round's worker has written then is deleted, not released.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from annotations import scoring
from annotations.errors import Invalid, LabelerError
from annotations.images import store
from annotations.models import Release, ReleaseState

from . import describing, files, pictures, telling
from .freezing import TOO_LONG, Freeze, Frozen, index_of, snapshot
from .locks import alone

log = logging.getLogger(__name__)

UNFINISHED = (ReleaseState.PENDING, ReleaseState.RUNNING)
IDLE_SECONDS = 45
FROZEN, CUT = 0.1, 0.95  # of the progress, after these steps
PLAN = "plan.jsonl"
QUERY_CANCELED = "57014"


class _Overtaken(Exception):
    """Another round has begun; what this one does is void."""


def idle() -> list[int]:
    """Unfinished releases that nobody works on: new ones, and those of killed workers."""
    quiet = timezone.now() - timedelta(seconds=IDLE_SECONDS)
    unfinished = Release.objects.filter(state__in=UNFINISHED)
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
        try:
            return Making(release, seconds).run()
        except _Overtaken:
            return False
        except OSError:
            raise  # the storage is away: it goes on later
        except LabelerError as error:
            return _fail(release, _said(error))
        except Exception as error:
            if isinstance(error, OperationalError) and not _is_slow(error):
                raise
            if _is_slow(error):
                return _fail(release, TOO_LONG)
            log.exception("Release %s failed.", release.pk)
            return _fail(
                release, f"An error that nobody foresaw: {type(error).__name__}."
            )


def _unfinished(release_id: int) -> Release | None:
    """A release that is to be made; of one that is over, what a kill has left goes."""
    found = Release.objects.filter(pk=release_id, state__in=UNFINISHED).first()
    if found is None:
        files.clear_work(release_id)
    return found


class Making:
    """One worker at one release."""

    def __init__(self, release: Release, seconds: float | None) -> None:
        self.release = release
        self.seconds = seconds
        self.ends = None if seconds is None else time.monotonic() + seconds

    def run(self) -> bool:
        """Work until it is done or the time is over."""
        self._update(state=ReleaseState.RUNNING)
        files.clear_work(self.release.pk, keep=self.release.files["round"])
        if not self._is_frozen():
            self._freeze()
        for _ in self._steps():
            if self.ends is not None and time.monotonic() > self.ends:
                return False
        self._finish()
        return True

    def _is_frozen(self) -> bool:
        """The plan is written last."""
        return store.holds(files.work_name(self.release, PLAN))

    def _freeze(self) -> None:
        with ExitStack() as drafts:
            names = (files.TRUTH, files.JUDGMENTS, files.LINES, PLAN)
            made = {name: drafts.enter_context(files.draft()) for name in names}
            with transaction.atomic():
                snapshot(self.seconds)
                freeze = Freeze(self.release, self.ends)
                frozen = freeze.run(made[files.TRUTH], made[files.JUDGMENTS])
                for line in freeze.details(frozen.lines):
                    made[PLAN].write(line)
                rules = telling.rules(self.release)
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
        units = self._units()
        total = sum(-(-lines // pictures.AT_ONCE) for lines in units.values())
        for done, (rows, name) in enumerate(self._pieces(units), start=1):
            if not store.holds(name):
                self._cut(rows, name)
                yield
            self._told(FROZEN + (CUT - FROZEN) * done / max(1, total))
        for subset, split in units:
            if not self._has(subset, split):
                self._assemble(subset, split, units[subset, split])
                yield

    def _told(self, progress: float) -> None:
        """Tell how far it is, in steps of a percent."""
        if progress >= self.release.progress + 0.01:
            self._update(progress=progress)

    def _plan(self) -> Iterator[list[Any]]:
        for line in files.lines_of(store.get(files.work_name(self.release, PLAN))):
            yield json.loads(line)

    def _units(self) -> dict[tuple[str, str], int]:
        """The lines of each subset and split; files may be empty."""
        counted = Counter((row[0], row[1]) for row in self._plan())
        subsets = files.SUBSETS if self.release.method else files.SUBSETS[:1]
        return {
            (s, split): counted[s, split] for s in subsets for split in files.SPLITS
        }

    def _pieces(
        self, units: dict[tuple[str, str], int]
    ) -> Iterator[tuple[list[list[Any]], str]]:
        plan = self._plan()
        for (subset, split), lines in units.items():
            for number in range(-(-lines // pictures.AT_ONCE)):
                size = min(pictures.AT_ONCE, lines - number * pictures.AT_ONCE)
                name = self._piece_name(subset, split, number)
                yield list(islice(plan, size)), name

    def _piece_name(self, subset: str, split: str, number: int) -> str:
        return files.work_name(self.release, f"{subset}-{split}/{number}")

    def _cut(self, rows: list[list[Any]], name: str) -> None:
        with files.draft() as piece:
            for line in pictures.cut(rows):
                piece.write(line)
            self._update()
            piece.keep(name)

    def _has(self, subset: str, split: str) -> bool:
        names = [files.measurement_name(subset, split, cut) for cut in files.CUTS]
        known = self.release.files
        return all(
            n in known
            and store.holds(files.stored_name(known[n]["sha256"]), known[n]["bytes"])
            for n in names
        )

    def _assemble(self, subset: str, split: str, lines: int) -> None:
        """Both files of a subset and split, of the pieces."""
        names = [files.measurement_name(subset, split, cut) for cut in files.CUTS]
        with files.draft() as aligned, files.draft() as cropped:
            without_face = 0
            for number in range(-(-lines // pictures.AT_ONCE)):
                piece = store.get(self._piece_name(subset, split, number))
                for line in files.lines_of(piece):
                    without_face += pictures.part(line, aligned, cropped)
            counts = {f"without_face_{subset}_{split}": without_face}
            made = dict(zip(names, (aligned, cropped), strict=True))
            self._keep(made, counts=self.release.counts | counts)

    def _finish(self) -> None:
        """Describe what there is; from then on it never changes."""
        aligner = scoring.aligner()
        said = f"{aligner.name} {aligner.version}" if aligner else None
        self.release.counts |= {"aligner": said}
        final = {n: f for n, f in self.release.files.items() if n != "round"}
        final |= describing.describe(self.release, final, removals=[])
        final[files.REMOVALS] = describing.keep_removals([])
        self._update(
            state=ReleaseState.DONE,
            files=final,
            counts=self.release.counts,
            progress=1,
            finished_at=Now(),
        )
        files.clear_work(self.release.pk)

    def _update(self, **values: Any) -> None:
        """Change the row, if this round still counts, with a sign of life."""
        same = Release.objects.filter(
            pk=self.release.pk,
            state__in=UNFINISHED,
            files__round=self.release.files["round"],
        )
        if not same.update(touched_at=Now(), **values):
            raise _Overtaken
        for name, value in values.items():
            setattr(self.release, name, value)


def _said(error: LabelerError) -> str:
    if isinstance(error, Invalid):
        return " ".join(said for each in error.errors.values() for said in each)
    return error.detail


def _is_slow(error: Exception) -> bool:
    cause = error.__cause__
    return getattr(cause, "pgcode", None) == QUERY_CANCELED


def _fail(release: Release, problem: str) -> bool:
    """End it, unless an erasure has begun another round."""
    files_of = release.files
    same = Release.objects.filter(pk=release.pk, files__round=files_of["round"])
    is_over = bool(
        same.update(
            state=ReleaseState.FAILED,
            problem=problem,
            files={"round": files_of["round"]},
            finished_at=Now(),
        )
    )
    if is_over:
        files.delete_stored(files.digests_of(files_of))
        files.clear_work(release.pk)
    return is_over
