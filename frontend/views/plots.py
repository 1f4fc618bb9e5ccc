"""A batch's days as tables: what the plots draw, and what stands behind them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from annotations import batches
from annotations.models import Batch

DAYS_SHOWN = 60
JUDGES_SHOWN = 6  # lines that can be told apart; all others are one

Row = tuple[date, list[float | None]]


@dataclass(frozen=True)
class Table:
    """A plot's title and its data: a name for each column, a row for each day."""

    slug: str
    title: str
    unit: str
    columns: list[str]
    rows: list[Row]


def tables_of(batch: Batch) -> list[Table]:
    """The plots of the last days (UTC); none before the first day of work."""
    today = datetime.now(UTC).date()
    days = batches.days_of(batch, today - timedelta(days=DAYS_SHOWN - 1))
    return [_verdicts(days), _throughput(days)] if days else []


def _verdicts(days: Sequence[batches.Day]) -> Table:
    """Verdicts of each judge on each day; of the less busy ones together."""
    sums: Counter[str] = Counter()
    for day in days:
        sums[day.judge] += day.verdicts
    named = [name for name, _ in sums.most_common(JUDGES_SHOWN)]
    columns = [*sorted(named), *(["all others"] if len(sums) > len(named) else [])]
    cells: dict[date, Counter[str]] = defaultdict(Counter)
    for day in days:
        name = day.judge
        column = name if name in named else "all others"
        cells[day.day][column] += day.verdicts
    rows: list[Row] = [
        (day, [said[column] for column in columns]) for day, said in _each_day(cells)
    ]
    return Table("verdicts", "Verdicts a day", "verdicts", columns, rows)


def _each_day(
    cells: dict[date, Counter[str]],
) -> list[tuple[date, Counter[str]]]:
    """From the first day to the last, days without work included."""
    first, last = min(cells), max(cells)
    length = (last - first).days + 1
    dates = [first + timedelta(days=n) for n in range(length)]
    return [(day, cells.get(day, Counter())) for day in dates]


def _throughput(days: Sequence[batches.Day]) -> Table:
    """Verdicts for each hour of work, all judges together; empty without work."""
    cells: dict[date, Counter[str]] = defaultdict(Counter)
    for each in days:
        cells[each.day]["verdicts"] += each.verdicts
        cells[each.day]["centiseconds"] += each.centiseconds
    rows: list[Row] = []
    for day, done in _each_day(cells):
        hours = done["centiseconds"] / 360_000
        rows.append((day, [round(done["verdicts"] / hours, 1) if hours else None]))
    title = "Verdicts an hour of work"
    return Table("throughput", title, "verdicts an hour", ["all judges"], rows)
