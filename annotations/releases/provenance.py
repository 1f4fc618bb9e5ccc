"""What a release tells of its making, as plain values: where from, by whom, by which rules."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import OperationalError, connection

from annotations import agreement, ground_truth
from annotations.agreement.parts import Table, part_figures
from annotations.agreement.ratings import read_ratings
from annotations.models import JUDGEABLE, Batch, Release, User

from .clock import Clock

NAMED_ENTITIES = 3  # what fewer entities share could tell of one of them
NAMED = 30
COEFFICIENTS = (
    *("candidates", "percent", "krippendorff_alpha", "gwet_ac1", "fleiss_kappa"),
)
# Above, a worker's freeze has no time to compare judges: what was stored is told.
COMPARED_JUDGMENTS = 200_000
RULES = (
    *("name", "purpose", "judges_required", "judges_maximum", "page_size", "order"),
    *("guidelines", "guidelines_version", "seed", "sample", "filter"),
    *("control_share", "clear_beyond"),
)
# Walking, as truth is read, would join the verdicts of a batch row by row.
PLANNED = re.sub("= [^;]+;", "= DEFAULT;", ground_truth.WALKING)

HOURS = """
SELECT judge_id, sum(verdicts)::int8, sum(skips)::int8, sum(centiseconds)::int8
FROM annotations_judgeday WHERE batch_id = ANY(%(batches)s)
GROUP BY judge_id ORDER BY judge_id
"""
SOURCES = """
WITH held AS (
    SELECT DISTINCT c.id, c.entity_id, c.licence,
           coalesce(substring(c.image_url from '^[a-z]+://(?:www[.])?([^/:?#]+)'), '')
               AS host
    FROM annotations_batchentity q
    JOIN annotations_candidate c
      ON c.entity_id = q.entity_id AND c.id <= q.upto AND c.state = ANY(%(judgeable)s)
    WHERE q.batch_id = ANY(%(batches)s)
)
SELECT {what}, count(*), count(DISTINCT entity_id) FROM held
GROUP BY 1 ORDER BY 2 DESC, 1
"""


def facts(release: Release, judgments: int, clock: Clock) -> dict[str, Any]:
    """Licences, hosts, judges with their hours, agreement; in the caller's snapshot.

    `judgments` is how many there are. TooLong once the time is over.
    """
    told = {}
    for name, tell in (("licences", "licence"), ("hosts", "host")):
        clock.hold()
        told[name] = _shared(release, tell)
    clock.hold()
    is_quick = clock.ends is None or judgments <= COMPARED_JUDGMENTS
    batches = Batch.objects.filter(pk__in=release.batches).order_by("pk")
    return told | {
        "judges": _judges(release),
        "agreement": [_agreement(batch, is_quick, clock) for batch in batches],
    }


def rules(release: Release) -> dict[str, Any]:
    """The rules of its batches, as they are now."""
    found = Batch.objects.filter(pk__in=release.batches).order_by("pk")
    return {"batches": [_rules(batch) for batch in found]}


def _rules(batch: Batch) -> dict[str, Any]:
    return {"id": batch.pk} | {name: getattr(batch, name) for name in RULES}


def _shared(release: Release, what: str) -> list[list[Any]]:
    """[value, candidates] of what several entities share; the rest is summed up as null."""
    parameters: dict[str, Any] = {
        "batches": release.batches,
        "judgeable": [state.value for state in JUDGEABLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(SOURCES.format(what=what), parameters)
        rows = cursor.fetchall()
    named = [[v, n] for v, n, entities in rows if v and entities >= NAMED_ENTITIES]
    named = named[:NAMED]
    rest = sum(n for _, n, _ in rows) - sum(n for _, n in named)
    return [*named, [None, rest]] if rest else named


def _judges(release: Release) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(HOURS, {"batches": release.batches})
        rows = cursor.fetchall()
    people = User.objects.in_bulk([row[0] for row in rows])
    said = [
        {
            "judge": people[number].pseudonym,
            "judged": judged,
            "skipped": skipped,
            "hours": round(centiseconds / 360_000, 2),
        }
        for number, judged, skipped, centiseconds in rows
    ]
    return sorted(said, key=lambda each: each["judge"])


def _agreement(batch: Batch, is_quick: bool, clock: Clock) -> dict[str, Any]:
    """How far a batch's judges agree: as stored, or worked out now if that is quick.

    What is stored and old says when it was worked out; where there is nothing, only
    the batch is named.
    """
    latest = agreement.latest_report(batch)
    figures = latest.report.figures if latest.report else {}
    said: dict[str, Any] = {"batch": batch.pk}
    if is_quick and not latest.is_current and (found := _worked_out(batch, clock)):
        return said | _coefficients(found)
    if figures and latest.report and not latest.is_current:
        said["computed_at"] = latest.report.computed_at.strftime("%Y-%m-%d %H:%M")
    return said | _coefficients(figures)


def _worked_out(batch: Batch, clock: Clock) -> dict[str, Any]:
    """The coefficients in this snapshot; none where the database is too slow for it."""
    clock.hold()
    with connection.cursor() as cursor:
        cursor.execute(PLANNED)
    try:
        ratings = read_ratings(batch.pk)
    except OperationalError:
        return {}
    clock.hold()
    return part_figures(ratings, Table.of(ratings.patterns), has_intervals=False)


def _coefficients(figures: Mapping[str, Any]) -> dict[str, Any]:
    """How many candidates were compared, and the coefficients; nothing where none was."""
    if not figures.get("candidates"):
        return {}
    return {name: figures[name] for name in COEFFICIENTS if name in figures}
