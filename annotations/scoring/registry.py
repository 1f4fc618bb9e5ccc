"""Which scorers there are: the settings name classes, the database has their rows."""

from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from annotations.models import Scorer

from .base import ScoringModel


@cache
def configured() -> dict[str, type[ScoringModel]]:
    """The classes that the settings name, by name, in their order."""
    classes = [import_string(path) for path in settings.SCORERS]
    return {each.name: each for each in classes}


@cache
def loaded(name: str) -> ScoringModel:
    """The scorer of this name with its weights in memory, once a process."""
    return configured()[name](settings.SCORING_DEVICE)


@transaction.atomic
def register() -> list[Scorer]:
    """Make the rows what the settings say; the active ones in the settings' order.

    A scorer in a new version is a new row: what the old one said stays beside it.
    """
    wanted = {(c.name, c.version, c.digest) for c in configured().values()}
    active = {
        (r.name, r.version, r.digest): r for r in Scorer.objects.filter(is_active=True)
    }
    if set(active) != wanted:
        gone = [row.pk for key, row in active.items() if key not in wanted]
        Scorer.objects.filter(pk__in=gone).update(is_active=False)
        for name, version, digest in sorted(wanted - set(active)):
            Scorer.objects.update_or_create(
                name=name, version=version, digest=digest, defaults={"is_active": True}
            )
    return rows()


def rows() -> list[Scorer]:
    """The active scorers' rows, in the settings' order."""
    order = list(configured())
    active = [r for r in Scorer.objects.filter(is_active=True) if r.name in order]
    return sorted(active, key=lambda row: order.index(row.name))
