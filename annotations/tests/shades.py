"""Scorers for tests, as somebody would add one, and what is asked of scores."""

import io

import numpy as np
import PIL.Image

from annotations import scoring
from annotations.models import PendingScoring, Score
from annotations.scoring import registry
from annotations.scoring.base import Analysis, Detection, Prior

from .factories import CandidateFactory, EntityFactory
from .pictures import stored

WHOLE = (0.0, 0.0, 1.0, 1.0)


class Shade:
    """Compares how light pictures are: two light ones are alike, as are two dark ones."""

    name, version, digest = "shade", "1", ""
    prior = Prior(midpoint=0.5, slope=8.0)
    side, batch = 16, 4
    broken_at: tuple[int, ...] = ()  # widths of pictures at which it breaks
    error: Exception = ValueError("an odd picture")

    def __init__(self, device):
        self.device = device

    def look(self, pictures, scales):
        return [self._look(*pair) for pair in zip(pictures, scales, strict=True)]

    def _look(self, picture, scale):
        width = round(picture.shape[1] * scale)
        if width in self.broken_at:
            raise self.error
        angle = float(picture.mean()) / 255 * np.pi / 2
        vector = np.array([np.cos(angle), np.sin(angle)], np.float32)
        return Analysis([Detection(vector, WHOLE, float(width), 1.0)], count=1)


def use(settings, *classes):
    """Let these classes be the scorers; their rows."""
    settings.SCORERS = [f"{each.__module__}.{each.__name__}" for each in classes]
    registry.configured.cache_clear()
    registry.loaded.cache_clear()
    return scoring.register()


def scored(**only):
    """Outcomes by candidate."""
    found = Score.objects.filter(**only).order_by("candidate")
    return dict(found.values_list("candidate_id", "outcome"))


def work_off(**only):
    """Score until nothing can be claimed; the entities, in their order."""
    done = []
    while True:
        some = scoring.score_due(seconds=60, **only)
        done += some.entities
        if not some.has_more:
            return done


def due_now():
    """Nobody waits: what is postponed or claimed is due and free."""
    PendingScoring.objects.update(due_at="2020-01-01T00:00Z", claimed_until=None)


def picture_of(level, width=20):
    """A grey picture, stored; another level or width gives other bytes."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (width, 12), (level, level, level)).save(file, "PNG")
    return stored(file.getvalue())


def entity_of(*levels, **fields):
    """An entity with a grey picture of each level, in the order of ranks."""
    entity = EntityFactory(**fields)
    return entity, [
        CandidateFactory(entity=entity, rank=rank, image=picture_of(level, 20 + rank))
        for rank, level in enumerate(levels)
    ]
