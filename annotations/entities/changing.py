"""Change an entity's properties, or choose its representative."""

from typing import Any

from django.db import transaction

from annotations.errors import Invalid, NotFound
from annotations.models import CandidateState, Entity, User, audit, due


@transaction.atomic
def change(*, entity: Entity, by: User, **fields: Any) -> Entity:
    """Set what is named. A representative is a readable picture of this entity.

    Under the lock that an erasure takes, too: nothing is written back to the erased.
    NotFound where it was erased meanwhile; Invalid names a wrong representative.
    """
    present = Entity.objects.select_for_update(no_key=True).filter(key=entity.key)
    found = present.filter(pk=entity.pk).first()
    if found is None:
        raise NotFound(f"There is no entity {entity.key}.")
    digest = fields.get("representative")
    if digest is not None and not _has_picture(found, digest):
        raise Invalid({"representative": ["The entity has no readable picture of it."]})
    for name, value in fields.items():
        setattr(found, name, value)
    found.save(update_fields=list(fields))
    if "representative" in fields:
        due.mark([found.pk])
    audit.write("entity-changed", by=by, entity=found.pk, fields=sorted(fields))
    return found


def _has_picture(entity: Entity, digest: str) -> bool:
    pictures = entity.candidates.filter(state=CandidateState.READY)
    return pictures.filter(image__sha256=digest).exists()
