"""Drawing distractors: settled *no* pictures, by seed, that are nobody's confirmed image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from . import selection, files
from .clock import Clock
from .columns import BASIS, CANDIDATE, SETTLED, SHA256, VERDICT

# More are drawn than are wanted: some may be somebody's confirmed image, or unreadable.
SPARE_LOTS = 1000
ROWS_A_LOOK = 10_000
READY = """
SELECT id FROM annotations_candidate WHERE id = ANY(%s) AND state = 'ready'
"""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A draw from a truth.tsv; TooLong where it takes longer than the clock says."""

    truth: files.Draft
    seed: int
    wanted: int
    clock: Clock

    def run(self) -> list[int]:
        """The candidates drawn, in the order of their lots; fewer where there are no more.

        Where too many that were drawn cannot be taken, more are drawn.
        """
        if not self.wanted:
            return []
        spare = SPARE_LOTS
        while True:
            lots = self._lots(self.wanted + spare)
            found = self._able(lots)
            if len(found) >= self.wanted or not lots.is_full:
                return found[: self.wanted]
            spare *= 4

    def _lots(self, size: int) -> selection.Lots:
        lots = selection.Lots(self.seed, size)
        for cells in rows_of(self.truth, self.clock):
            if cells[VERDICT] == "no" and cells[BASIS] in SETTLED:
                lots.offer(int(cells[CANDIDATE]), cells[SHA256])
        return lots

    def _able(self, lots: selection.Lots) -> list[int]:
        """Those that can be read and that nobody is confirmed by, not even by a model."""
        drawn = lots.digests
        rows = rows_of(self.truth, self.clock)
        shown = {c[SHA256] for c in rows if c[VERDICT] == "yes" and c[SHA256] in drawn}
        self.clock.hold()
        return _ready(lots.drawn(without=shown))


def rows_of(truth: files.Draft, clock: Clock) -> Iterator[list[str]]:
    """The rows of truth.tsv, without its header; TooLong once the time is over."""
    truth.file.flush()
    truth.file.seek(0)
    next(truth.file)
    for number, line in enumerate(truth.file):
        if number % ROWS_A_LOOK == 0:
            clock.look()
        yield line.decode().removesuffix("\n").split("\t")


def _ready(candidates: Sequence[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(READY, [list(candidates)])
        ready = {row[0] for row in cursor}
    return [number for number in candidates if number in ready]
