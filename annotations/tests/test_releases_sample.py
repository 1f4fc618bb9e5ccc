"""A release of the shared sample, judged by three judges who make mistakes."""

import base64
import csv
import io
import random
import struct

import PIL.Image
import pytest

from annotations import adjudication, batches, releases, scoring
from annotations.models import Candidate, Entity, Role
from annotations.scoring import registry

from .factories import CandidateFactory, EntityFactory, UserFactory
from .imported import SAMPLE
from .pictures import stored
from .released import content, judge_all, rule_all

ERRORS = 0.05
MEASUREMENT = "measurement-{}-{}-{}.tsv"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sample,
]


def rows_of(name):
    with (SAMPLE / name).open(newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


@pytest.fixture
def sample():
    """Create the sample's candidates and return {candidate: true verdict}."""
    entities = {}
    for row in rows_of("entities.tsv"):
        entities[row["mid"]] = EntityFactory(key=row["mid"], name=row["name"])
    truth = {}
    for row in rows_of("truth.tsv"):
        image = stored((SAMPLE / row["path"]).read_bytes())
        entity = entities[row["mid"]]
        if entity.candidates.filter(image=image).exists():
            continue
        state = "ready" if image.is_readable else "unreadable"
        state = state if image.byte_size else "empty"
        candidate = CandidateFactory(
            entity=entity, image=image, rank=int(row["rank"]), state=state
        )
        label = row["label"]
        truth[candidate.pk] = label if label in ("yes", "no", "broken") else "no"
    return truth


def judged(truth):
    """Return a batch judged by three judges with 5 % wrong verdicts, and its admin."""
    admin = UserFactory(username="boss", roles=[Role.ADMIN])
    keys = list(Entity.objects.values_list("key", flat=True))
    batch = batches.create(by=admin, name="Sample", entities=keys, judges_required=3)
    judges = [UserFactory() for _ in range(3)]
    batches.add_judges(batch=batch, usernames=[j.username for j in judges], by=admin)
    batches.open_batch(batch=batch, by=admin)
    chance = random.Random(1)
    for judge in judges:

        def verdict_of(page, position):
            verdict = truth[page.candidates[position]]
            wrong = sorted({"yes", "no", "broken"} - {verdict})
            return chance.choice(wrong) if chance.random() < ERRORS else verdict

        judge_all(judge, verdict_of)
    rule_all(batch, admin, truth.__getitem__)
    return batch, admin


def parsed(data):
    """Parse the released DevSet layout without any code of Labeler."""
    for line in data.decode().rstrip("\n").split("\n"):
        mid, name, url, face_id, rectangle, face = line.split("\t")
        box = struct.unpack("ffff", base64.b64decode(rectangle))
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(face)))
        picture.load()
        assert picture.format == "JPEG"
        assert face_id == "FaceId-0"
        assert len(box) == 4
        yield mid, name, url, picture.size


@pytest.mark.timeout(400)
def test_a_release_of_the_sample_is_readable_by_other_programs(sample, settings):
    settings.EMBEDDINGS = True
    batch, admin = judged(sample)
    registry.register()
    scoring.sweep_all(scoring.rows()[0])
    while scoring.score_due(seconds=60, scorers=scoring.rows()[:1]).has_more:
        continue
    first, second = (make(batch, admin, name) for name in ("first", "second"))
    truth = {
        int(row["candidate_id"]): row["verdict"]
        for row in csv.DictReader(
            io.StringIO(content(first, "truth.tsv").decode()), delimiter="\t"
        )
    }
    assert truth == sample
    assert "hard" in " ".join(releases.file_names(first))
    entities = first.counts["confirmed_entities"]
    for subset in ("random", "hard"):
        for crop in ("aligned", "cropped"):
            dev, test = (
                list(parsed(content(first, MEASUREMENT.format(subset, split, crop))))
                for split in ("dev", "test")
            )
            assert len(dev) == 10
            assert len({mid for mid, *_ in dev}) == 10
            assert len(test) == entities - 10 + 25
            assert {mid for mid, *_ in test} == {"-"}
            for mid, name, url, _ in dev:
                candidate = Candidate.objects.get(image_url=url)
                entity = candidate.entity
                assert (entity.key, entity.name) == (mid, name)
                assert sample[candidate.pk] == "yes"
        aligned = parsed(content(first, MEASUREMENT.format(subset, "dev", "aligned")))
        assert (112, 112) in {size for *_, size in aligned}
    for name in releases.file_names(first):
        if name.endswith(".tsv"):
            assert content(first, name) == content(second, name), name


def make(batch, admin, name):
    release = releases.request(
        name=name,
        batches=[batch.pk],
        dev_entities=10,
        distractors=25,
        seed=5,
        by=admin,
    )
    assert adjudication.lease(by=admin, batch=batch) is None
    assert releases.make(release.pk)
    release.refresh_from_db()
    assert release.state == "done", release.problem
    return release
