"""Changes of an entity's properties and representative."""

from typing import Any

from django.db import transaction

from annotations.errors import Invalid, NotFound
from annotations.models import CandidateState, Entity, User, audit
from annotations.models.pending_scoring import request_scoring


@transaction.atomic
def change(*, entity: Entity, by: User, **fields: Any) -> Entity:
    """Set these fields. A representative must be a readable picture of this entity.

    Takes the lock that an erasure takes too, so that nothing is written to an erased
    entity. NotFound if it was erased meanwhile, Invalid for a wrong representative.
    """
    rows = Entity.objects.select_for_update(no_key=True).filter(key=entity.key)
    locked = rows.filter(pk=entity.pk).first()
    if locked is None:
        raise NotFound(f"There is no entity {entity.key}.")
    digest = fields.get("representative")
    if digest is not None and not _has_picture(locked, digest):
        raise Invalid(
            {"representative": ["The entity has no readable picture with this digest."]}
        )
    for name, value in fields.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(fields))
    if "representative" in fields:
        request_scoring([locked.pk])
    audit.write("entity-changed", by=by, entity=locked.pk, fields=sorted(fields))
    return locked


def _has_picture(entity: Entity, digest: str) -> bool:
    pictures = entity.candidates.filter(state=CandidateState.READY)
    return pictures.filter(image__sha256=digest).exists()
