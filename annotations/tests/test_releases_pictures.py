"""The face in a release's picture is the one whose frame the judges saw."""

import base64
import csv
import io

import numpy as np
import PIL.Image
import pytest
from django.core.files.storage import default_storage

from annotations import releases
from annotations.models import Candidate, Embedding, Release, Score, Scorer
from annotations.scoring.boxes import framed
from annotations.scoring.faces import Faces
from labeler import demo

from .pictures import stored
from .released import content, judged_batch, released

pytestmark = pytest.mark.django_db(transaction=True)

DEV = "measurement-{}-dev-{}.tsv"


@pytest.fixture(scope="module")
def model():
    return Faces("cpu")


@pytest.fixture(scope="module")
def couple(model):
    """Return a picture of two drawn people, and the detections of their faces."""
    folders = [demo.FOLDER / "pictures" / key for key in ("m.demo01", "m.demo03")]
    ground = PIL.Image.new("RGB", (760, 400), (90, 110, 90))
    for n, folder in enumerate(folders):
        person = PIL.Image.open(folder / "000.webp").convert("RGB").resize((320, 320))
        ground.paste(person, (20 + 400 * n, 40))
    faces = model.analyse([np.asarray(ground)], [1.0])[0].detections
    assert len(faces) == 2
    return ground, sorted(faces, key=lambda face: face.box[0])


def put_picture(candidate, picture):
    file = io.BytesIO()
    picture.save(file, "PNG")
    Candidate.objects.filter(pk=candidate.pk).update(image=stored(file.getvalue()))


def dev_picture(release, subset, crop):
    """Return the picture on the only line of the development set."""
    cells = content(release, DEV.format(subset, crop)).decode().split("\t")
    return PIL.Image.open(io.BytesIO(base64.b64decode(cells[5]))).convert("RGB")


def framing(box, room=0.5):
    """Return a frame as people draw it: wider than a detector's box."""
    x, y = room * (box[2] - box[0]), room * (box[3] - box[1])
    edges = (box[0] - x, box[1] - y, box[2] + x, box[3] + y)
    return [min(1.0, max(0.0, edge)) for edge in edges]


@pytest.mark.parametrize("index", [0, 1])
def test_the_framed_face_is_cropped_even_if_a_scorer_matched_another(
    index, couple, model
):
    ground, faces = couple
    batch = judged_batch({"m.a": "yes"})
    candidate = Candidate.objects.get()
    put_picture(candidate, ground)
    frame = framing(faces[index].box)
    Candidate.objects.filter(pk=candidate.pk).update(frame=frame)
    scorer = Scorer.objects.create(name="faces", version="1", digest="d")
    other_box = list(faces[1 - index].box)
    Score.objects.create(scorer=scorer, candidate=candidate, box=other_box)
    release = released(batch, dev_entities=1, distractors=0)
    picture = np.asarray(dev_picture(release, "random", "cropped"))
    face = model.analyse([picture], [1.0])[0].detections[0]
    assert face.vector @ faces[index].vector > 0.9
    assert face.vector @ faces[1 - index].vector < 0.8
    assert dev_picture(release, "random", "aligned").size == (112, 112)
    assert release.counts["without_face_random_dev"] == 0
    line = content(release, DEV.format("random", "cropped")).decode().split("\t")
    assert (
        line[4] == "AAAAAAAAAAAAAIA/AACAPw=="
    )  # relative to the original picture, unlike the frame


def test_a_frame_without_a_face_is_cropped_itself(couple):
    ground, _ = couple
    batch = judged_batch({"m.a": "yes"})
    put_picture(Candidate.objects.get(), ground)
    Candidate.objects.update(frame=[0.0, 0.0, 0.1, 0.05])
    release = released(batch, dev_entities=1, distractors=0)
    assert dev_picture(release, "random", "aligned").size == (76, 20)
    assert dev_picture(release, "random", "cropped").size == (99, 26)
    assert release.counts["without_face_random_dev"] == 1


def test_every_line_can_be_read_by_csv(settings):
    settings.SCORERS = []
    batch = judged_batch({"m.a": "yes"})
    noise = np.random.default_rng(1).integers(0, 256, (1200, 1600, 3), dtype=np.uint8)
    put_picture(Candidate.objects.get(), PIL.Image.fromarray(noise))
    Candidate.objects.update(image_url="https://example.org/" + "a" * 7980)
    release = released(batch, dev_entities=1, distractors=0)
    for crop in ("aligned", "cropped"):
        text = content(release, DEV.format("random", crop)).decode()
        assert len(text) < csv.field_size_limit() == 131_072
        ((*_, data),) = csv.reader(io.StringIO(text), delimiter="\t")
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(data)))
        assert max(picture.size) == 300


def test_a_frame_belongs_to_the_face_whose_centre_it_contains():
    left_box, right_box = (0.1, 0.1, 0.3, 0.4), (0.6, 0.1, 0.8, 0.4)
    boxes = [left_box, right_box]
    assert framed(boxes, (0.55, 0.0, 0.9, 0.9)) == 1
    assert framed(boxes, (0.15, 0.15, 0.25, 0.35)) == 0
    assert framed(boxes, (0.0, 0.0, 1.0, 1.0)) in (0, 1)
    assert framed(boxes, (0.25, 0.0, 0.5, 1.0)) is None  # touches a neighbour only
    assert framed([(0.0, 0.0, 0.6, 0.6), left_box], (0.1, 0.1, 0.4, 0.4)) == 1
    assert framed([], (0.0, 0.0, 1.0, 1.0)) is None


def embed(candidate, *faces):
    """Store an embedding: (box, vector) of each face."""
    scorer, _ = Scorer.objects.get_or_create(name="faces", version="1", digest="d")
    units = [np.asarray(v, "<f4") / np.linalg.norm(v) for _, v in faces]
    rows = [[*box, 32, 1] for box, _ in faces]
    Embedding.objects.create(
        scorer=scorer,
        candidate=candidate,
        vectors=np.stack(units).astype("<f4").tobytes(),
        boxes=np.asarray(rows, "<f4").tobytes(),
    )


def test_the_hard_image_depends_on_the_framed_face():
    large, small = (0.0, 0.0, 0.6, 0.6), (0.7, 0.7, 0.9, 0.9)
    batch = judged_batch({"m.a": "yes yes yes yes"})
    first, second, third, fourth = Candidate.objects.order_by("pk")
    embed(first, (large, (1, 0.1)), (small, (0.5, 1)))
    embed(second, (large, (1, 0)))
    embed(third, (large, (1, 0.05)), (small, (0.1, 1)))
    embed(fourth, (large, (0, 1)))
    Candidate.objects.filter(pk=third.pk).update(frame=[0.65, 0.65, 1.0, 1.0])
    # No face was found in this frame, and the other face does not replace it.
    Candidate.objects.filter(pk=fourth.pk).update(frame=[0.9, 0.0, 1.0, 0.1])
    release = released(batch, dev_entities=1, distractors=0)
    line = content(release, DEV.format("hard", "cropped")).decode().split("\t")
    assert line[2] == third.image_url


def test_the_problem_names_a_lost_picture(admin):
    batch = judged_batch({"m.a": "yes", "m.b": "yes"})
    release = releases.request(
        name="n", batches=[batch.pk], dev_entities=1, distractors=0, by=admin
    )
    candidate = Candidate.objects.select_related("image").get(entity__key="m.b")
    digest = candidate.image.sha256
    default_storage.delete(f"images/{digest[:2]}/{digest[2:4]}/{digest}")
    assert releases.make(release.pk)
    problem = Release.objects.get().problem
    assert f"candidate {candidate.pk}" in problem
    assert "manage.py verify --files" in problem
