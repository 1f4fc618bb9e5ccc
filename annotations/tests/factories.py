"""One factory per model that tests fill by hand; the rest comes from the stages."""

import hashlib

import factory
from factory.django import DjangoModelFactory

from annotations.models import Candidate, CandidateState, Entity, Image, Role, User


class UserFactory(DjangoModelFactory):
    """A judge without a usable password; `password="…"` hashes one, which is slow."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    roles = factory.LazyFunction(lambda: [Role.JUDGE])

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.create_user(*args, **kwargs)


class EntityFactory(DjangoModelFactory):
    """An entity with a key and a name."""

    class Meta:
        model = Entity

    key = factory.Sequence(lambda n: f"m.{n:05x}")
    name = factory.Sequence(lambda n: f"Person {n}")
    description = "A person made up for a test"


class ImageFactory(DjangoModelFactory):
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


class CandidateFactory(DjangoModelFactory):
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
