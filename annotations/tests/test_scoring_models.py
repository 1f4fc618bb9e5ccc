"""The shipped scorers on real pictures, drawn people and digits."""

import csv

import numpy as np
import pytest
from PIL import Image as Picture
from sklearn.datasets import load_digits

from annotations.errors import Unreadable
from annotations.images.decoding import shrunk
from annotations.models import Outcome
from annotations.scoring import embedders, faces, pixels, weights
from annotations.scoring.faces import Faces
from annotations.scoring.pixels import WholePicture
from labeler import demo

from .imported import SAMPLE


@pytest.fixture(scope="module")
def model():
    return Faces("cpu")


@pytest.fixture(scope="module")
def sample(model):
    """The sample's rows, each with what was found in its picture (None: unreadable)."""
    with (SAMPLE / "truth.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        row["look"] = look(model, SAMPLE / row["path"])
    return rows


def look(model, path):
    try:
        picture, scale = shrunk(path.read_bytes(), model.side)
    except Unreadable:
        return None
    return model.look([np.asarray(picture)], [scale])[0]


def compared(rows, reference_of):
    """Label and best cosine of each candidate in which a face was found."""
    of = {r["mid"]: reference_of(r["look"]) for r in rows if r["rank"] == "0"}
    return [
        (row["label"] == "yes", max(float(f.vector @ of[row["mid"]]) for f in found))
        for row in rows
        if row["rank"] != "0" and row["look"] and (found := row["look"].found)
    ]


def auc(pairs):
    """How often a yes is nearer than a no; halves for ties (Mann and Whitney 1947)."""
    yes = np.array([value for is_yes, value in pairs if is_yes])[:, None]
    no = np.array([value for is_yes, value in pairs if not is_yes])[None]
    return float(np.mean((yes > no) + 0.5 * (yes == no)))


@pytest.mark.sample
def test_the_largest_face_of_the_representative_tells_people_apart(sample):
    pairs = compared(sample, lambda look: look.found[0].vector)
    assert len(pairs) > 230
    assert auc(pairs) >= 0.99


@pytest.mark.sample
def test_the_most_confident_face_may_be_a_bystander(sample):
    """Why the largest one is taken: the detector's first costs an entity."""

    def first(look):
        return max(look.found, key=lambda face: face.detection).vector

    assert auc(compared(sample, first)) < auc(
        compared(sample, lambda look: look.found[0].vector)
    )


@pytest.mark.sample
def test_faces_are_listed_by_size_and_counted(sample):
    groups = [r["look"] for r in sample if r["look"] and len(r["look"].found) > 1]
    assert groups
    for each in groups:
        areas = [(f.box[2] - f.box[0]) * (f.box[3] - f.box[1]) for f in each.found]
        assert areas[0] >= max(areas) * 0.98  # boxes are cut at the picture's edge
        assert each.count >= len(each.found)


@pytest.mark.sample
def test_what_has_no_face_says_so(sample):
    without = [r for r in sample if r["look"] and not r["look"].found]
    assert {r["look"].outcome for r in without} <= {"no-face", "tiny-face"}
    assert "yes" not in {r["label"] for r in without}
    assert len(without) >= 8


@pytest.mark.sample
def test_both_embedders_give_the_same_vectors(sample):
    """OpenCV on the CPU and ONNX Runtime, which is what runs on a GPU."""
    network = weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256)
    by_opencv = embedders.OpenCV(network)
    by_runtime = embedders.OnnxRuntime(network, "cpu")
    crops = []
    for row in sample[:40]:
        if row["look"] is not None and row["look"].found:
            picture = Picture.open(SAMPLE / row["path"]).convert("RGB")
            crops.append(np.asarray(picture.resize((112, 112)))[..., ::-1].copy())
    assert len(crops) > 25
    cosines = (by_opencv.embed(crops) * by_runtime.embed(crops)).sum(axis=1)
    assert cosines.min() >= 0.9999
    alone = np.concatenate([by_runtime.embed([crop]) for crop in crops])
    assert (alone * by_runtime.embed(crops)).sum(axis=1).min() >= 0.99999


def test_a_face_of_few_pixels_is_too_small_to_compare(model):
    large = Picture.open(next(demo.FOLDER.glob("pictures/*/000.webp"))).convert("RGB")
    scene = Picture.new("RGB", (3000, 3000), (90, 110, 90))
    scene.paste(large.resize((24, 24)), (1400, 1400))
    ground = np.asarray(scene.crop((1200, 1200, 1624, 1624)).resize((424, 424)))
    whole = model.look([np.asarray(large)], [1.0])[0]
    assert whole.outcome == Outcome.SCORED
    [tiny] = model.look([ground], [0.2])
    assert tiny.outcome in (Outcome.TINY_FACE, Outcome.NO_FACE)
    [small] = model.look([np.asarray(large)], [0.02])  # as if shrunk by a reader
    assert small.outcome == Outcome.TINY_FACE
    assert "less than 10 pixels" in small.problem


def test_no_gpu_is_said_aloud_and_the_cpu_goes_on(caplog):
    network = weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256)
    found = embedders.best_for("cuda", network)
    if isinstance(found, embedders.OnnxRuntime):  # a machine with a GPU
        assert "CUDAExecutionProvider" in found.providers
    else:
        assert "Scoring goes on on the CPU" in caplog.text


def test_other_weights_are_refused():
    with pytest.raises(weights.WrongWeights, match="has SHA-256"):
        weights.read_checked(faces.PACKAGE, faces.YUNET, "0" * 64)
    with pytest.raises(weights.WrongWeights, match="is missing"):
        weights.read_checked("no_such_package", "x", "0" * 64)
    with pytest.raises(weights.WrongWeights, match="cannot be read"):
        weights.read_checked(faces.PACKAGE, "models/none.onnx", "0" * 64)


def test_whole_pictures_tell_sevens_from_other_digits():
    """scikit-learn's digits, as any other kind of entity."""
    digits = load_digits()
    model = WholePicture("cpu")
    chosen = np.concatenate([np.flatnonzero(digits.target == 7), np.arange(300)])
    enlarged = [
        np.asarray(
            Picture.fromarray((digits.images[n] * 15.9).astype(np.uint8))
            .resize((64, 64), Picture.Resampling.BICUBIC)
            .convert("RGB")
        )
        for n in chosen
    ]
    looks = model.look(enlarged, [1.0] * len(enlarged))
    vectors = np.stack([each.found[0].vector for each in looks])
    references = vectors[:5]  # settled sevens
    pairs = [
        (bool(digits.target[n] == 7), float((vector @ references.T).max()))
        for n, vector in zip(chosen[5:], vectors[5:], strict=True)
    ]
    assert auc(pairs) > 0.95
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_odd_pictures_are_no_problem_for_whole_pictures():
    flat = np.zeros((1, 500, 3), np.uint8)
    [found] = pixels.WholePicture("cpu").look([flat], [1.0])
    assert np.isfinite(found.found[0].vector).all()
