"""How one release's truth differs from another's, by merging their stored files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from annotations.models import Release

from . import files
from .clock import Clock
from .columns import BASIS, CANDIDATE, KEY, NAME, VERDICT

Kind = Literal["added", "removed", "changed"]
Place = tuple[bytes, int]  # the files go by key, then candidate


@dataclass(frozen=True, slots=True)
class Change:
    """A candidate that came, went, or whose verdict is another one.

    `before` and `after` are verdicts, empty where it is open, None where it is not in
    the release.
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
    """What is otherwise in the newer one, candidate by candidate, in constant memory.

    NotFound, before the first, where one of them is not done. TooLong after so many
    seconds, if told, wherever it is.
    """
    clock = Clock(seconds)
    return _merged(_rows(older, clock), _rows(newer, clock))


def _rows(release: Release, clock: Clock) -> Iterator[list[str]]:
    lines = files.lines_of(files.open_file(release, files.TRUTH))
    next(lines, None)
    return (_cells(line, clock) for line in lines)


def _cells(line: bytes, clock: Clock) -> list[str]:
    clock.look()
    return line.decode().removesuffix("\n").split("\t")


def _place(row: list[str]) -> Place:
    return row[KEY].encode(), int(row[CANDIDATE])


def _merged(old: Iterator[list[str]], new: Iterator[list[str]]) -> Iterator[Change]:
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if after is None or (before is not None and _place(before) < _place(after)):
            yield _change("removed", before, None)
            before = next(old, None)
        elif before is None or _place(after) < _place(before):
            yield _change("added", None, after)
            after = next(new, None)
        else:
            if before[VERDICT] != after[VERDICT]:
                yield _change("changed", before, after)
            before, after = next(old, None), next(new, None)


def _change(kind: Kind, before: list[str] | None, after: list[str] | None) -> Change:
    row = after or before
    assert row is not None
    return Change(
        kind=kind,
        entity_key=row[KEY],
        entity_name=row[NAME],
        candidate_id=int(row[CANDIDATE]),
        before=before[VERDICT] if before else None,
        after=after[VERDICT] if after else None,
        basis_before=before[BASIS] if before else None,
        basis_after=after[BASIS] if after else None,
    )
