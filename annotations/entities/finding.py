"""Find entities among a million, and the candidates of one: by index, never counted."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from annotations.errors import Invalid
from annotations.intake import normalise_key
from annotations.models import Candidate, CandidateState, Entity

KEYS_FOUND = 10
NAME_INDEXED = 100  # characters that the index of names holds

# In the order of the index, which is that of bytes: so it walks and never sorts.
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
class Found:
    """Some entities, and the id after which it goes on; None at the end."""

    entities: list[Entity]
    following: int | None


def find(text: str, after: int | None, limit: int) -> Found:
    """Entities whose key or name begins so, in any case; all where nothing is said.

    The first `KEYS_FOUND` keys come first, then `limit` names in their order, beyond
    the entity of the id `after`. Without a text: as they came.
    """
    if not text:
        return _some(_in_order(after, limit + 1), limit)
    keys = _by_key(text)
    named = _some(_by_name(text, after, limit + 1), limit)
    known = {entity.pk for entity in keys}
    others = [entity for entity in named.entities if entity.pk not in known]
    return Found((keys if after is None else []) + others, named.following)


def _some(entities: list[Entity], limit: int) -> Found:
    """The first `limit` of them; one more tells that it goes on."""
    shown = entities[:limit]
    return Found(shown, shown[-1].pk if len(entities) > limit else None)


def _in_order(after: int | None, limit: int) -> list[Entity]:
    present = Entity.objects.filter(key__isnull=False)
    if after is not None:
        present = present.filter(pk__gt=after)
    return list(present.order_by("pk")[:limit])


def _by_key(text: str) -> list[Entity]:
    try:
        wanted = normalise_key(text)
    except Invalid:
        return []
    parameters: dict[str, Any] = {"pattern": _prefix(wanted), "limit": KEYS_FOUND}
    return list(Entity.objects.raw(BY_KEY, parameters))


def _by_name(text: str, number: int | None, limit: int) -> list[Entity]:
    after = Entity.objects.filter(pk=number).first() if number is not None else None
    parameters: dict[str, Any] = {
        "pattern": _prefix(text[:NAME_INDEXED].lower()),
        "after": after and after.pk,
        "name": after and after.name[:NAME_INDEXED].lower(),
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
    """Candidates by rank beyond `after`, those without a rank last; no erased ones."""
    rows: QuerySet[Candidate] = Candidate.objects.filter(entity=entity)
    rows = rows.exclude(state=CandidateState.ERASED).select_related("image")
    if after is not None:
        rows = rows.filter(_beyond(after))
    return list(rows.order_by(*Candidate._meta.indexes[0].expressions[1:])[:limit])


def _beyond(after: Candidate) -> Q:
    if after.rank is None:
        return Q(rank__isnull=True, pk__gt=after.pk)
    same = Q(rank=after.rank, pk__gt=after.pk)
    return Q(rank__gt=after.rank) | same | Q(rank__isnull=True)
