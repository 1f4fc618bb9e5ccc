"""Factories of the models that tests fill directly."""

import hashlib
from dataclasses import asdict

import factory
from factory.django import DjangoModelFactory

from annotations.coverage import measure
from annotations.models import (
    Candidate,
    CandidateState,
    Entity,
    Evaluation,
    Image,
    Release,
    Role,
    Score,
    Scorer,
    ScorerFit,
    User,
)


class UserFactory(DjangoModelFactory[User]):
    """A judge without a password; `password="…"` sets one, which is slow."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    roles = factory.LazyFunction(lambda: [Role.JUDGE])

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_user(*args, **kwargs)


class EntityFactory(DjangoModelFactory[Entity]):
    """An entity with a key and a name."""

    class Meta:
        model = Entity

    key = factory.Sequence(lambda n: f"m.{n:05x}")
    name = factory.Sequence(lambda n: f"Person {n}")
    description = "A person made up for a test"


class ImageFactory(DjangoModelFactory[Image]):
    """The row of a readable picture, without bytes in the store.

    Where a test needs the bytes, `pictures.stored()` makes row and files together.
    """

    class Meta:
        model = Image

    class Params:
        unreadable = factory.Trait(
            format="", width=None, height=None, problem="It is no picture."
        )

    sha256 = factory.Sequence(lambda n: hashlib.sha256(b"image %d" % n).hexdigest())
    byte_size = 1234
    format = "JPEG"
    width = 300
    height = 300


class CandidateFactory(DjangoModelFactory[Candidate]):
    """A ready candidate; traits `waiting`, `unreadable` and `erased` make others."""

    class Meta:
        model = Candidate

    class Params:
        waiting = factory.Trait(state=CandidateState.WAITING, image=None)
        erased = factory.Trait(state=CandidateState.ERASED, image=None)
        unreadable = factory.Trait(
            state=CandidateState.UNREADABLE,
            image=factory.SubFactory(ImageFactory, unreadable=True),
        )

    entity = factory.SubFactory(EntityFactory)
    image = factory.SubFactory(ImageFactory)
    state = CandidateState.READY
    face_id = "FaceId-0"
    rank = factory.Sequence(lambda n: n)
    image_url = factory.Sequence(lambda n: f"https://pictures.example/{n}.jpg")
    page_url = factory.Sequence(lambda n: f"https://pages.example/{n}")


class ScorerFactory(DjangoModelFactory[Scorer]):
    """An active model in one version."""

    class Meta:
        model = Scorer

    name = "faces"
    version = factory.Sequence(lambda n: f"1.{n}")
    digest = "ab" * 32


class FitFactory(DjangoModelFactory[ScorerFit]):
    """A calibration with good figures."""

    class Meta:
        model = ScorerFit

    scorer = factory.SubFactory(ScorerFactory)
    method = "sigmoid"
    parameters = factory.LazyFunction(dict)
    labels = 240
    positives = 180
    entities = 30
    verdicts = 500
    brier = 0.021
    ece = 0.013
    auc = 0.994
    reliability = factory.LazyFunction(
        lambda: [
            {"low": 0.0, "high": 0.1, "count": 50, "mean": 0.02, "share": 0.0},
            {"low": 0.4, "high": 0.5, "count": 10, "mean": 0.45, "share": 0.5},
            {"low": 0.9, "high": 1.0, "count": 180, "mean": 0.97, "share": 0.98},
        ]
    )
    previous_brier = 0.048
    shift = 0.09


class ScoreFactory(DjangoModelFactory[Score]):
    """A score of a probable candidate; trait `failed` is a failed analysis."""

    class Meta:
        model = Score

    class Params:
        failed = factory.Trait(
            outcome="failed", probability=None, problem="The picture ends too early."
        )

    scorer = factory.SubFactory(ScorerFactory)
    candidate = factory.SubFactory(CandidateFactory)
    outcome = "scored"
    faces = 1
    side = 80.0
    detection = 0.9
    similarity = 0.6
    compared = 1
    probability = 0.9


class ReleaseFactory(DjangoModelFactory[Release]):
    """The row of a finished release, without its files."""

    class Meta:
        model = Release

    name = factory.Sequence(lambda n: f"Release {n}")
    state = "done"
    batches = factory.LazyFunction(lambda: [1])
    dev_entities = 3
    distractors = 0
    seed = 1
    created_by = factory.SubFactory(UserFactory)


class EvaluationFactory(DjangoModelFactory[Evaluation]):
    """The figures of an evaluation, without the stored results."""

    class Meta:
        model = Evaluation

    release = factory.SubFactory(ReleaseFactory)
    name = factory.Sequence(lambda n: f"Recogniser {n}")
    subset = "random"
    split = "dev"
    sha256 = "0" * 64
    figures = factory.LazyFunction(
        lambda: asdict(measure([(0.9, True), (0.8, True), (0.7, False)], 4))
    )
    created_by = None
