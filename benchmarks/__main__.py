"""`python -m benchmarks [NAME…]`: prints a table, writes bench.json.

A name is a module's or a function's. A missed goal is told, an error ends with 1.
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
from django.db import connection

import benchmarks

REPORT = Path("bench.json")
PACKAGES = ("django", "djangorestframework", "celery", "psycopg2-binary", "pillow")
GOAL = re.compile(r"(<=|>=|≤|≥|<|>)\s*([\d.,_]*\d)\s*([^\s\d]*)")

Benchmark = Callable[[], Sequence[Mapping[str, Any]]]


def discover() -> Iterator[tuple[str, Benchmark]]:
    """Every benchmark, named module.function, in the order of the names."""
    for found in pkgutil.iter_modules(benchmarks.__path__):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"benchmarks.{found.name}")
        for name, function in vars(module).items():
            if name.startswith("_") or not isfunction(function):
                continue
            if function.__module__ == module.__name__ and _is_benchmark(function):
                yield f"{found.name}.{name}", function


def _is_benchmark(function: Callable[..., Any]) -> bool:
    called = signature(function)
    needs = [p for p in called.parameters.values() if p.default is Parameter.empty]
    return not needs and str(called.return_annotation).lower().startswith("list")


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(w in (name, *name.split(".")) for w in wanted)


def is_met(row: Mapping[str, Any]) -> bool | None:
    """Whether a row's goal is met; None where it has none or cannot be compared."""
    goal = row.get("goal")
    if isinstance(goal, bool) or not goal:
        return goal if isinstance(goal, bool) else None
    said = GOAL.search(str(goal))
    if said is None:
        return None
    sign, number, unit = said.groups()
    is_of_value = row.get("ratio") is None or (unit and unit == row.get("unit"))
    figure = row.get("value" if is_of_value else "ratio")
    if figure is None:
        return None
    bound = float(number.replace(",", "").replace("_", ""))
    return figure <= bound if sign in ("<=", "≤", "<") else figure >= bound


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as aligned text."""
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
    """Where and with what the figures were made."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "versions": {"postgresql": server} | {p: version(p) for p in PACKAGES},
    }


def run(name: str, benchmark: Benchmark) -> list[dict[str, Any]] | None:
    """The rows of one benchmark, None where it broke; it finds empty tables."""
    call_command("flush", interactive=False, verbosity=0)
    start = time.monotonic()
    try:
        rows = benchmark()
    except Exception:  # the others still run; the end tells
        traceback.print_exc()
        return None
    sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
    return [{**row, "met": is_met(row), "benchmark": name} for row in rows]


def prepare() -> str:
    """Make the tables; what is wrong where the database is somebody's."""
    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM annotations_entity)"
            " OR EXISTS (SELECT FROM annotations_user)"
        )
        if cursor.fetchone()[0]:
            return "DATABASE_URL names a database that is in use; benchmarks empty it. Unset it."
    return ""


def main(wanted: Sequence[str]) -> int:
    if problem := prepare():
        sys.stderr.write(f"{problem}\n")
        return 2
    chosen = [(name, each) for name, each in discover() if is_wanted(name, wanted)]
    if not chosen:
        sys.stderr.write(f"No benchmark is called {' or '.join(wanted)}.\n")
        return 2
    done = {name: run(name, each) for name, each in chosen}
    rows = [row for found in done.values() for row in found or ()]
    broken = [name for name, found in done.items() if found is None]
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
