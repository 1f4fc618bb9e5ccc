"""Search of entities, and the candidates of one: by index, without counting."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from annotations.errors import Invalid
from annotations.intake import normalise_key
from annotations.models import Candidate, CandidateState, Entity

MAX_KEYS = 10
INDEXED_CHARACTERS = 100  # of a name, by the index of names

# In the order of the index, which is that of bytes, so that no sort is needed.
BY_NAME = """
SELECT * FROM annotations_entity
WHERE lower(left(name, 100)) LIKE %(pattern)s AND key IS NOT NULL
  AND (%(after)s IS NULL OR lower(left(name, 100)) ~>=~ %(name)s
       AND (lower(left(name, 100)) ~>~ %(name)s OR id > %(after)s))
ORDER BY lower(left(name, 100)) USING ~<~, id LIMIT %(limit)s
"""
BY_KEY = """
SELECT * FROM annotations_entity WHERE key LIKE %(pattern)s
ORDER BY key USING ~<~ LIMIT %(limit)s
"""


@dataclass(frozen=True)
class SearchResult:
    """Some entities, and the id after which the next page starts; None at the end."""

    entities: list[Entity]
    following: int | None


def find(text: str, after: int | None, limit: int) -> SearchResult:
    """Return entities whose key or name starts with `text`, ignoring the case of names.

    The first page starts with up to `MAX_KEYS` matches by key. Then follow up to `limit`
    matches by name, in the order of names, after the entity with the id `after`. An
    empty text matches all entities, in the order of ids.
    """
    if not text:
        return _page(_all(after, limit + 1), limit)
    by_key = _by_key(text)
    by_name = _page(_by_name(text, after, limit + 1), limit)
    ids = {entity.pk for entity in by_key}
    new_names = [entity for entity in by_name.entities if entity.pk not in ids]
    first = by_key if after is None else []
    return SearchResult(first + new_names, by_name.following)


def _page(entities: list[Entity], limit: int) -> SearchResult:
    """Return the first `limit` entities; one more shows that there is another page."""
    page = entities[:limit]
    return SearchResult(page, page[-1].pk if len(entities) > limit else None)


def _all(after: int | None, limit: int) -> list[Entity]:
    rows = Entity.objects.filter(key__isnull=False)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk")[:limit])


def _by_key(text: str) -> list[Entity]:
    try:
        key = normalise_key(text)
    except Invalid:
        return []
    parameters: dict[str, Any] = {"pattern": _prefix(key), "limit": MAX_KEYS}
    return list(Entity.objects.raw(BY_KEY, parameters))


def _by_name(text: str, after_id: int | None, limit: int) -> list[Entity]:
    after = None if after_id is None else Entity.objects.filter(pk=after_id).first()
    parameters: dict[str, Any] = {
        "pattern": _prefix(text[:INDEXED_CHARACTERS].lower()),
        "after": after and after.pk,
        "name": after and after.name[:INDEXED_CHARACTERS].lower(),
        "limit": limit,
    }
    return list(Entity.objects.raw(BY_NAME, parameters))


def _prefix(text: str) -> str:
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return f"{text}%"


def candidates_of(
    entity: Entity, after: Candidate | None, limit: int
) -> list[Candidate]:
    """Return candidates by rank after `after`, without erased ones; no rank comes last."""
    rows: QuerySet[Candidate] = Candidate.objects.filter(entity=entity)
    rows = rows.exclude(state=CandidateState.ERASED).select_related("image")
    if after is not None:
        rows = rows.filter(_follows(after))
    return list(rows.order_by(*Candidate._meta.indexes[0].expressions[1:])[:limit])


def _follows(after: Candidate) -> Q:
    if after.rank is None:
        return Q(rank__isnull=True, pk__gt=after.pk)
    same_rank = Q(rank=after.rank, pk__gt=after.pk)
    return Q(rank__gt=after.rank) | same_rank | Q(rank__isnull=True)
