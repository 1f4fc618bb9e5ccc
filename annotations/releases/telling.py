"""What a release tells of its making, as plain values: where from, by whom, by which rules."""

from typing import Any

from django.db import connection

from annotations.models import JUDGEABLE, Batch, Comparison, Release, User

NAMED_ENTITIES = 3  # what fewer entities share could tell of one of them
NAMED = 30
RULES = (
    *("name", "purpose", "judges_required", "judges_maximum", "page_size", "order"),
    *("guidelines", "guidelines_version", "seed", "sample", "filter"),
    *("control_share", "clear_beyond"),
)

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


def facts(release: Release) -> dict[str, Any]:
    """Licences, hosts, judges with their hours, agreement; in the caller's snapshot."""
    return {
        "licences": _shared(release, "licence"),
        "hosts": _shared(release, "host"),
        "judges": _judges(release),
        "agreement": _agreement(release),
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


def _agreement(release: Release) -> list[dict[str, Any]]:
    """What the last comparison of each batch's judges said, where there was one."""
    named = ("candidates", "percent", "krippendorff_alpha", "gwet_ac1", "fleiss_kappa")
    found = Comparison.objects.filter(batch__in=release.batches).order_by("batch")
    return [
        {"batch": each.batch_id}
        | {name: each.figures[name] for name in named if name in each.figures}
        for each in found
    ]
