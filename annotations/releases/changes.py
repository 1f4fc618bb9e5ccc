"""The differences between the truth of two releases, by merging their stored files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from annotations.models import Release

from . import files
from .clock import Clock
from .columns import BASIS, CANDIDATE, KEY, NAME, VERDICT

Kind = Literal["added", "removed", "changed"]
Row = list[str]
SortKey = tuple[bytes, int]  # truth.tsv is sorted by entity key, then by candidate id


@dataclass(frozen=True, slots=True)
class Change:
    """A candidate that was added, removed, or has another verdict.

    `before` and `after` are verdicts: empty while open, None if the candidate is not in
    that release.
    """

    kind: Kind
    entity_key: str
    entity_name: str
    candidate_id: int
    before: str | None
    after: str | None
    basis_before: str | None
    basis_after: str | None


def changes(
    newer: Release, older: Release, *, seconds: float | None = None
) -> Iterator[Change]:
    """Yield the changes from the older release to the newer one, in constant memory.

    Raise NotFound at once if one of them is not done. Raise TooLong, after any number
    of changes, when `seconds` have passed.
    """
    clock = Clock(seconds)
    return _merge(_rows(older, clock), _rows(newer, clock))


def _rows(release: Release, clock: Clock) -> Iterator[Row]:
    lines = files.lines_of(files.open_file(release, files.TRUTH))
    next(lines, None)
    return (_cells(line, clock) for line in lines)


def _cells(line: bytes, clock: Clock) -> Row:
    clock.check()
    return line.decode().removesuffix("\n").split("\t")


def _sort_key(row: Row) -> SortKey:
    return row[KEY].encode(), int(row[CANDIDATE])


def _merge(old_rows: Iterator[Row], new_rows: Iterator[Row]) -> Iterator[Change]:
    old, new = next(old_rows, None), next(new_rows, None)
    while old is not None or new is not None:
        if new is None or (old is not None and _sort_key(old) < _sort_key(new)):
            yield _change("removed", old, None)
            old = next(old_rows, None)
        elif old is None or _sort_key(new) < _sort_key(old):
            yield _change("added", None, new)
            new = next(new_rows, None)
        else:
            if old[VERDICT] != new[VERDICT]:
                yield _change("changed", old, new)
            old, new = next(old_rows, None), next(new_rows, None)


def _change(kind: Kind, old: Row | None, new: Row | None) -> Change:
    row = new or old
    assert row is not None
    return Change(
        kind=kind,
        entity_key=row[KEY],
        entity_name=row[NAME],
        candidate_id=int(row[CANDIDATE]),
        before=old[VERDICT] if old else None,
        after=new[VERDICT] if new else None,
        basis_before=old[BASIS] if old else None,
        basis_after=new[BASIS] if new else None,
    )
