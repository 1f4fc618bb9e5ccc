"""The draw of distractors: pictures settled as *no* that confirm no entity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotations import sql

from . import files
from .clock import Clock
from .columns import BASIS, CANDIDATE, SETTLED, SHA256, VERDICT
from .selection import LowestLots

# The draw takes some more than needed: a picture can turn out to be unreadable, or the
# confirmed image of another entity.
SPARE_LOTS = 1000
ROWS_PER_CHECK = 10_000  # of the clock
READY = """
SELECT id FROM annotations_candidate WHERE id = ANY(%s) AND state = 'ready'
"""


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw of `size` distractors from a truth.tsv; TooLong if the clock runs out."""

    truth: files.Draft
    seed: int
    size: int
    clock: Clock

    def run(self) -> list[int]:
        """Return candidates in the order of their lots; fewer if there are no more.

        Repeat with more spare lots if too many drawn pictures cannot be used.
        """
        if not self.size:
            return []
        spare = SPARE_LOTS
        while True:
            lots = self._lots(self.size + spare)
            candidates = self._usable(lots)
            if len(candidates) >= self.size or not lots.is_full:
                return candidates[: self.size]
            spare *= 4

    def _lots(self, size: int) -> LowestLots:
        lots = LowestLots(self.seed, size)
        for cells in rows_of(self.truth, self.clock):
            if cells[VERDICT] == "no" and cells[BASIS] in SETTLED:
                lots.offer(int(cells[CANDIDATE]), cells[SHA256])
        return lots

    def _usable(self, lots: LowestLots) -> list[int]:
        """Return the readable candidates whose picture is *yes* for no entity.

        A *yes* that only a model gave also excludes a picture.
        """
        digests = lots.digests
        rows = rows_of(self.truth, self.clock)
        yes = {c[SHA256] for c in rows if c[VERDICT] == "yes" and c[SHA256] in digests}
        self.clock.limit_statements()
        return _only_ready(lots.candidates(without=yes))


def rows_of(truth: files.Draft, clock: Clock) -> Iterator[list[str]]:
    """Yield the rows of truth.tsv without its header; TooLong if the clock runs out."""
    truth.file.flush()
    truth.file.seek(0)
    next(truth.file)
    for number, line in enumerate(truth.file):
        if number % ROWS_PER_CHECK == 0:
            clock.check()
        yield line.decode().removesuffix("\n").split("\t")


def _only_ready(candidates: Sequence[int]) -> list[int]:
    ready = set(sql.column(READY, [list(candidates)]))
    return [candidate for candidate in candidates if candidate in ready]
