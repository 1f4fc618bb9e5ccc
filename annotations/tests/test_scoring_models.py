"""The included scoring models on real pictures, drawn people and digits."""

import csv

import numpy as np
import pytest
from PIL import Image as Picture
from sklearn.datasets import load_digits

from annotations.errors import Unreadable
from annotations.images.decoding import shrink
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
    """Return the sample's rows with the analyses of their pictures (None: unreadable)."""
    with (SAMPLE / "truth.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        row["analysis"] = analyse(model, SAMPLE / row["path"])
    return rows


def analyse(model, path):
    try:
        picture, scale = shrink(path.read_bytes(), model.side)
    except Unreadable:
        return None
    return model.analyse([np.asarray(picture)], [scale])[0]


def compare(rows, reference_of):
    """Return label and best cosine of each candidate with a detected face."""
    references = {
        row["mid"]: reference_of(row["analysis"]) for row in rows if row["rank"] == "0"
    }
    return [
        (
            row["label"] == "yes",
            max(float(face.vector @ references[row["mid"]]) for face in faces),
        )
        for row in rows
        if row["rank"] != "0"
        and row["analysis"]
        and (faces := row["analysis"].detections)
    ]


def largest(analysis):
    """Return the vector of the largest face."""
    return analysis.detections[0].vector


def auc(pairs):
    """Return how often a yes is nearer than a no, ties half (Mann and Whitney 1947)."""
    yes = np.array([value for is_yes, value in pairs if is_yes])[:, None]
    no = np.array([value for is_yes, value in pairs if not is_yes])[None]
    return float(np.mean((yes > no) + 0.5 * (yes == no)))


@pytest.mark.sample
def test_the_largest_face_of_the_representative_recognises_people(sample):
    pairs = compare(sample, largest)
    assert len(pairs) > 230
    assert auc(pairs) >= 0.99


@pytest.mark.sample
def test_the_most_confident_face_can_be_a_bystander(sample):
    """The reason for taking the largest face: this one loses an entity."""

    def most_confident(analysis):
        return max(analysis.detections, key=lambda face: face.detection).vector

    assert auc(compare(sample, most_confident)) < auc(compare(sample, largest))


@pytest.mark.sample
def test_faces_are_listed_by_size_and_counted(sample):
    analyses = [row["analysis"] for row in sample if row["analysis"]]
    groups = [analysis for analysis in analyses if len(analysis.detections) > 1]
    assert groups
    for group in groups:
        boxes = [face.box for face in group.detections]
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in boxes]
        assert areas[0] >= max(areas) * 0.98  # boxes end at the picture's edge
        assert group.count >= len(group.detections)


@pytest.mark.sample
def test_a_picture_without_a_face_has_such_an_outcome(sample):
    without = [r for r in sample if r["analysis"] and not r["analysis"].detections]
    assert {r["analysis"].outcome for r in without} <= {"no-face", "tiny-face"}
    assert "yes" not in {r["label"] for r in without}
    assert len(without) >= 8


@pytest.mark.sample
def test_both_embedders_give_the_same_vectors(sample):
    """Compare OpenCV with ONNX Runtime, which runs on a GPU."""
    network = weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256)
    by_opencv = embedders.OpenCV(network)
    by_runtime = embedders.OnnxRuntime(network, "cpu")
    crops = []
    for row in sample[:40]:
        if row["analysis"] is not None and row["analysis"].detections:
            picture = Picture.open(SAMPLE / row["path"]).convert("RGB")
            crops.append(np.asarray(picture.resize((112, 112)))[..., ::-1].copy())
    assert len(crops) > 25
    cosines = (by_opencv.embed(crops) * by_runtime.embed(crops)).sum(axis=1)
    assert cosines.min() >= 0.9999
    singly = np.concatenate([by_runtime.embed([crop]) for crop in crops])
    assert (singly * by_runtime.embed(crops)).sum(axis=1).min() >= 0.99999


def test_a_face_of_few_pixels_is_too_small_to_compare(model):
    large = Picture.open(next(demo.FOLDER.glob("pictures/*/000.webp"))).convert("RGB")
    scene = Picture.new("RGB", (3000, 3000), (90, 110, 90))
    scene.paste(large.resize((24, 24)), (1400, 1400))
    ground = np.asarray(scene.crop((1200, 1200, 1624, 1624)).resize((424, 424)))
    whole = model.analyse([np.asarray(large)], [1.0])[0]
    assert whole.outcome == Outcome.SCORED
    [tiny] = model.analyse([ground], [0.2])
    assert tiny.outcome in (Outcome.TINY_FACE, Outcome.NO_FACE)
    [small] = model.analyse([np.asarray(large)], [0.02])  # as if it had been enlarged
    assert small.outcome == Outcome.TINY_FACE
    assert "smaller than 10 pixels" in small.problem


def test_without_a_gpu_scoring_warns_and_uses_the_cpu(caplog):
    network = weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256)
    embedder = embedders.best_for("cuda", network)
    if isinstance(embedder, embedders.OnnxRuntime):  # a machine with a GPU
        assert "CUDAExecutionProvider" in embedder.providers
    else:
        assert "Scoring now uses the CPU" in caplog.text


def test_other_weights_are_refused():
    with pytest.raises(weights.WrongWeights, match="has SHA-256"):
        weights.read_checked(faces.PACKAGE, faces.YUNET, "0" * 64)
    with pytest.raises(weights.WrongWeights, match="is missing"):
        weights.read_checked("no_such_package", "x", "0" * 64)
    with pytest.raises(weights.WrongWeights, match="cannot be read"):
        weights.read_checked(faces.PACKAGE, "models/none.onnx", "0" * 64)


def test_whole_pictures_separate_sevens_from_other_digits():
    """Use scikit-learn's digits as another kind of entity."""
    digits = load_digits()
    model = WholePicture("cpu")
    indexes = np.concatenate([np.flatnonzero(digits.target == 7), np.arange(300)])
    enlarged = [
        np.asarray(
            Picture.fromarray((digits.images[n] * 15.9).astype(np.uint8))
            .resize((64, 64), Picture.Resampling.BICUBIC)
            .convert("RGB")
        )
        for n in indexes
    ]
    analyses = model.analyse(enlarged, [1.0] * len(enlarged))
    vectors = np.stack([analysis.detections[0].vector for analysis in analyses])
    references = vectors[:5]  # settled sevens
    pairs = [
        (bool(digits.target[n] == 7), float((vector @ references.T).max()))
        for n, vector in zip(indexes[5:], vectors[5:], strict=True)
    ]
    assert auc(pairs) > 0.95
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_whole_pictures_work_for_odd_pictures():
    flat = np.zeros((1, 500, 3), np.uint8)
    [analysis] = pixels.WholePicture("cpu").analyse([flat], [1.0])
    assert np.isfinite(analysis.detections[0].vector).all()
