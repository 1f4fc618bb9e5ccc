"""The origin of a release as plain values: sources, judges, agreement and rules."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import OperationalError

from annotations import agreement, ground_truth, sql
from annotations.agreement.parts import Table, part_figures
from annotations.agreement.ratings import read_ratings
from annotations.models import Batch, Release, User
from annotations.sql import fragments

from .clock import Clock

# A value that fewer entities share could reveal something about one of them.
MIN_ENTITIES = 3
MAX_VALUES = 30
COEFFICIENTS = (
    *("candidates", "percent", "krippendorff_alpha", "gwet_ac1", "fleiss_kappa"),
)
# With more judgments a worker has no time to compute agreement, so the release gets the
# stored report.
COMPARED_JUDGMENTS = 200_000
RULES = (
    *("name", "purpose", "judges_required", "judges_maximum", "page_size", "order"),
    *("guidelines", "guidelines_version", "seed", "sample", "filter"),
    *("control_share", "clear_beyond"),
)
# With the settings that reading truth needs, verdicts would be joined row by row.
DEFAULT_PLANS = re.sub("= [^;]+;", "= DEFAULT;", ground_truth.WALKING)

HOURS = """
SELECT judge_id, sum(verdicts)::int8 AS verdicts, sum(skips)::int8 AS skips,
       sum(centiseconds)::int8 AS centiseconds
FROM annotations_judgeday WHERE batch_id = ANY(%(batches)s)
GROUP BY judge_id ORDER BY judge_id
"""
# `recount` repeats the pattern of the host in Python.
SOURCES = f"""
WITH member AS (
    SELECT DISTINCT c.id, c.entity_id, c.licence,
           coalesce(substring(c.image_url from '^[a-z]+://(?:www[.])?([^/:?#]+)'), '')
               AS host
    FROM annotations_batchentity q
    JOIN annotations_candidate c ON {fragments.is_member("c", "q")}
    WHERE q.batch_id = ANY(%(batches)s)
)
SELECT {{column}} AS value, count(*) AS candidates,
       count(DISTINCT entity_id) AS entities
FROM member GROUP BY 1 ORDER BY 2 DESC, 1
"""


def facts(release: Release, judgments: int, clock: Clock) -> dict[str, Any]:
    """Return licences, hosts, judges with their hours, and agreement.

    Reads in the caller's snapshot. `judgments` is the number of judgments. Raise TooLong
    if the clock runs out.
    """
    sources = {}
    for name, column in (("licences", "licence"), ("hosts", "host")):
        clock.limit_statements()
        sources[name] = _shared(release, column)
    clock.limit_statements()
    is_quick = clock.ends_at is None or judgments <= COMPARED_JUDGMENTS
    batches = Batch.objects.filter(pk__in=release.batches).order_by("pk")
    return sources | {
        "judges": _judges(release),
        "agreement": [_agreement(batch, is_quick, clock) for batch in batches],
    }


def rules(release: Release) -> dict[str, Any]:
    """Return the current rules of a release's batches."""
    batches = Batch.objects.filter(pk__in=release.batches).order_by("pk")
    return {"batches": [_rules(batch) for batch in batches]}


def _rules(batch: Batch) -> dict[str, Any]:
    return {"id": batch.pk} | {name: getattr(batch, name) for name in RULES}


def _shared(release: Release, column: str) -> list[list[Any]]:
    """Return [value, candidates] of values that several entities share.

    The value None sums up all others.
    """
    statement = SOURCES.format(column=column)
    rows = sql.rows(statement, {"batches": release.batches})
    shares = [
        [row.value, row.candidates]
        for row in rows
        if row.value and row.entities >= MIN_ENTITIES
    ][:MAX_VALUES]
    remainder = sum(row.candidates for row in rows) - sum(count for _, count in shares)
    return [*shares, [None, remainder]] if remainder else shares


def _judges(release: Release) -> list[dict[str, Any]]:
    rows = sql.rows(HOURS, {"batches": release.batches})
    users = User.objects.in_bulk([row.judge_id for row in rows])
    judges = [
        {
            "judge": users[row.judge_id].pseudonym,
            "judged": row.verdicts,
            "skipped": row.skips,
            "hours": round(row.centiseconds / 360_000, 2),
        }
        for row in rows
    ]
    return sorted(judges, key=lambda judge: str(judge["judge"]))


def _agreement(batch: Batch, is_quick: bool, clock: Clock) -> dict[str, Any]:
    """Return the agreement of a batch: computed now if quick, else the stored report.

    An outdated report has `computed_at`. Without any report, only the batch is named.
    """
    status = agreement.latest_report(batch)
    result: dict[str, Any] = {"batch": batch.pk}
    if is_quick and not status.is_current and (figures := _compute(batch, clock)):
        return result | _coefficients(figures)
    if status.report is None:
        return result
    if status.report.figures and not status.is_current:
        result["computed_at"] = status.report.computed_at.strftime("%Y-%m-%d %H:%M")
    return result | _coefficients(status.report.figures)


def _compute(batch: Batch, clock: Clock) -> dict[str, Any]:
    """Compute the coefficients in this snapshot; empty if the database is too slow."""
    clock.limit_statements()
    sql.run(DEFAULT_PLANS)
    try:
        ratings = read_ratings(batch.pk)
    except OperationalError:
        return {}
    clock.limit_statements()
    return part_figures(ratings, Table.of(ratings.patterns), has_intervals=False)


def _coefficients(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number of compared candidates and the coefficients; empty for 0."""
    if not figures.get("candidates"):
        return {}
    return {name: figures[name] for name in COEFFICIENTS if name in figures}
