"""`python -m benchmarks [NAME…]`: print a table and write bench.json.

A name is that of a module or a function. The table shows missed goals. The exit status
is 1 if a benchmark raised an error.
"""

import importlib
import json
import os
import pkgutil
import platform
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from inspect import Parameter, isfunction, signature
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

import benchmarks
from annotations import sql

REPORT = Path("bench.json")
PACKAGES = ("django", "djangorestframework", "celery", "psycopg2-binary", "pillow")
GOAL = re.compile(r"(<=|>=|≤|≥|<|>)\s*([\d.,_]*\d)\s*([^\s\d]*)")

IN_USE = """
SELECT EXISTS (SELECT FROM annotations_entity)
    OR EXISTS (SELECT FROM annotations_user) AS is_in_use
"""

Benchmark = Callable[[], Sequence[Mapping[str, Any]]]


def discover() -> Iterator[tuple[str, Benchmark]]:
    """Yield every benchmark with its name, module.function, in alphabetical order."""
    for info in pkgutil.iter_modules(benchmarks.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"benchmarks.{info.name}")
        for name, function in vars(module).items():
            if name.startswith("_") or not isfunction(function):
                continue
            if function.__module__ == module.__name__ and _is_benchmark(function):
                yield f"{info.name}.{name}", function


def _is_benchmark(function: Callable[..., Any]) -> bool:
    spec = signature(function)
    required = [p for p in spec.parameters.values() if p.default is Parameter.empty]
    return not required and str(spec.return_annotation).lower().startswith("list")


def is_selected(name: str, selection: Sequence[str]) -> bool:
    """Whether a benchmark has one of these names; True for an empty selection."""
    names = (name, *name.split("."))
    return not selection or any(part in names for part in selection)


def is_met(row: Mapping[str, Any]) -> bool | None:
    """Return whether a row's goal is met; None without a comparable goal."""
    goal = row.get("goal")
    if isinstance(goal, bool) or not goal:
        return goal if isinstance(goal, bool) else None
    match = GOAL.search(str(goal))
    if match is None:
        return None
    sign, number, unit = match.groups()
    is_of_value = row.get("ratio") is None or (unit and unit == row.get("unit"))
    figure = row.get("value" if is_of_value else "ratio")
    if figure is None:
        return None
    bound = float(number.replace(",", "").replace("_", ""))
    return bool(figure <= bound if sign in ("<=", "≤", "<") else figure >= bound)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as aligned text."""
    head = ("", "value", "unit", "limit", "ratio", "goal", "met")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n in (1, 3, 4) else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[row["met"]]
    numbers = [_figure(row.get(key)) for key in ("value", "limit", "ratio")]
    value, limit, ratio = numbers
    goal = str(row.get("goal") or "")
    return (str(row["name"]), value, str(row.get("unit", "")), limit, ratio, goal, met)


def _figure(number: Any) -> str:
    if not isinstance(number, int | float):
        return "" if number is None else str(number)
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def machine() -> dict[str, Any]:
    """Return the machine and the versions of the programs."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "versions": {"postgresql": sql.value("SHOW server_version")}
        | {p: version(p) for p in PACKAGES},
    }


def run(name: str, benchmark: Benchmark) -> list[dict[str, Any]] | None:
    """Return the rows of one benchmark, run on empty tables; None after an error."""
    call_command("flush", interactive=False, verbosity=0)
    start = time.monotonic()
    try:
        rows = benchmark()
    except Exception:  # continue with the others, and report it at the end
        traceback.print_exc()
        return None
    sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
    return [{**row, "met": is_met(row), "benchmark": name} for row in rows]


def prepare() -> str:
    """Create the tables. Return a problem if the database is in use."""
    call_command("migrate", interactive=False, verbosity=0)
    if sql.value(IN_USE):
        return "DATABASE_URL names a database in use. Unset it: benchmarks delete all data."
    return ""


def main(selection: Sequence[str]) -> int:
    """Run the selected benchmarks and return the exit status."""
    if problem := prepare():
        sys.stderr.write(f"{problem}\n")
        return 2
    selected = {n: function for n, function in discover() if is_selected(n, selection)}
    if not selected:
        sys.stderr.write(f"There is no benchmark {' or '.join(selection)}.\n")
        return 2
    results = {name: run(name, benchmark) for name, benchmark in selected.items()}
    rows = [row for result in results.values() for row in result or ()]
    broken = [name for name, result in results.items() if result is None]
    sys.stdout.write(f"{table(rows)}\n")
    report = {**machine(), "rows": rows, "broken": broken}
    REPORT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    if broken:
        sys.stderr.write(f"Broken: {', '.join(broken)}.\n")
    return 1 if broken else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeler.settings")
    django.setup()
    sys.exit(main(sys.argv[1:]))
