"""A scoring model for tests, and helpers to run scorers and read scores."""

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
    """A model that compares brightness: pictures of equal brightness are similar."""

    name, version, digest = "shade", "1", ""
    prior = Prior(midpoint=0.5, slope=8.0)
    side, batch = 16, 4
    broken_at: tuple[int, ...] = ()  # widths of pictures that raise `error`
    error: Exception = ValueError("an odd picture")

    def __init__(self, device):
        self.device = device

    def analyse(self, pictures, scales):
        return [self._analyse(*pair) for pair in zip(pictures, scales, strict=True)]

    def _analyse(self, picture, scale):
        width = round(picture.shape[1] * scale)
        if width in self.broken_at:
            raise self.error
        angle = float(picture.mean()) / 255 * np.pi / 2
        vector = np.array([np.cos(angle), np.sin(angle)], np.float32)
        return Analysis([Detection(vector, WHOLE, float(width), 1.0)], count=1)


def use(settings, *classes):
    """Configure these classes as scorers and return their rows."""
    settings.SCORERS = [f"{model.__module__}.{model.__name__}" for model in classes]
    registry.configured.cache_clear()
    registry.loaded.cache_clear()
    return scoring.register()


def scored(**filters):
    """Return the outcomes of scores by candidate."""
    scores = Score.objects.filter(**filters).order_by("candidate")
    return dict(scores.values_list("candidate_id", "outcome"))


def score_all(**options):
    """Score until no entity can be claimed. Return the entities in order."""
    entities = []
    while True:
        scored = scoring.score_due(seconds=60, **options)
        entities += scored.entities
        if not scored.has_more:
            return entities


def due_now():
    """Make all postponed and claimed entities due and free."""
    PendingScoring.objects.update(due_at="2020-01-01T00:00Z", claimed_until=None)


def picture_of(level, width=20):
    """Store a grey picture. Another level or width gives another file."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (width, 12), (level, level, level)).save(file, "PNG")
    return stored(file.getvalue())


def entity_of(*levels, **fields):
    """Create an entity with a grey picture of each level, in the order of ranks."""
    entity = EntityFactory(**fields)
    return entity, [
        CandidateFactory(entity=entity, rank=rank, image=picture_of(level, 20 + rank))
        for rank, level in enumerate(levels)
    ]
