"""The scorers: settings name the classes of models, the database has their rows."""

from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from annotations.models import Scorer

from .base import ScoringModel


@cache
def configured() -> dict[str, type[ScoringModel]]:
    """Return the classes in the settings by name, in the order of the settings."""
    classes = [import_string(path) for path in settings.SCORERS]
    return {model_class.name: model_class for model_class in classes}


@cache
def loaded(name: str) -> ScoringModel:
    """Return the model of this name with its weights, loaded once per process."""
    return configured()[name](settings.SCORING_DEVICE)


@transaction.atomic
def register() -> list[Scorer]:
    """Update the rows from the settings and return the active ones in order.

    A new version gets a new row, and the scores of the old version stay.
    """
    keys = {(c.name, c.version, c.digest) for c in configured().values()}
    active = {
        (r.name, r.version, r.digest): r for r in Scorer.objects.filter(is_active=True)
    }
    if set(active) != keys:
        former_ids = [row.pk for key, row in active.items() if key not in keys]
        Scorer.objects.filter(pk__in=former_ids).update(is_active=False)
        for name, version, digest in sorted(keys - set(active)):
            Scorer.objects.update_or_create(
                name=name, version=version, digest=digest, defaults={"is_active": True}
            )
    return rows()


def rows() -> list[Scorer]:
    """Return the rows of the active scorers, in the order of the settings."""
    order = list(configured())
    active = [r for r in Scorer.objects.filter(is_active=True) if r.name in order]
    return sorted(active, key=lambda row: order.index(row.name))
