"""A batch's work by day as tables, the data of the plots."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from annotations import batches
from annotations.models import Batch

DAYS_SHOWN = 60
JUDGES_SHOWN = 6  # more lines cannot be distinguished; one line sums the others

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
    """Return the tables of the last days (UTC), none before the first day of work."""
    today = datetime.now(UTC).date()
    days = batches.days_of(batch, today - timedelta(days=DAYS_SHOWN - 1))
    return [_verdicts(days), _throughput(days)] if days else []


def _verdicts(days: Sequence[batches.Day]) -> Table:
    """Return verdicts by day and judge; the less busy judges share a column."""
    sums: Counter[str] = Counter()
    for day in days:
        sums[day.judge] += day.verdicts
    busiest = [name for name, _ in sums.most_common(JUDGES_SHOWN)]
    columns = [*sorted(busiest), *(["all others"] if len(sums) > len(busiest) else [])]
    cells: dict[date, Counter[str]] = defaultdict(Counter)
    for day in days:
        name = day.judge
        column = name if name in busiest else "all others"
        cells[day.day][column] += day.verdicts
    rows: list[Row] = [
        (day, [counts[column] for column in columns])
        for day, counts in _each_day(cells)
    ]
    return Table("verdicts", "Verdicts per day", "verdicts", columns, rows)


def _each_day(
    cells: dict[date, Counter[str]],
) -> list[tuple[date, Counter[str]]]:
    """Return all days from the first to the last, days without work included."""
    first, last = min(cells), max(cells)
    length = (last - first).days + 1
    dates = [first + timedelta(days=n) for n in range(length)]
    return [(day, cells.get(day, Counter())) for day in dates]


def _throughput(days: Sequence[batches.Day]) -> Table:
    """Return verdicts per hour of work by day, all judges together."""
    cells: dict[date, Counter[str]] = defaultdict(Counter)
    for work in days:
        cells[work.day]["verdicts"] += work.verdicts
        cells[work.day]["centiseconds"] += work.centiseconds
    rows: list[Row] = []
    for day, sums in _each_day(cells):
        hours = sums["centiseconds"] / 360_000
        rows.append((day, [round(sums["verdicts"] / hours, 1) if hours else None]))
    title = "Verdicts per hour of work"
    return Table("throughput", title, "verdicts per hour", ["all judges"], rows)
