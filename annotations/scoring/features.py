"""Comparison of an entity's pictures: the features of a probability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

from .base import Detection

# Cohesion is measured with this number of the entity's most similar other candidates.
NEAREST = 3
# A candidate is compared with this number of others, and of references, at most.
OTHERS, REFERENCES = 400, 100


@dataclass(frozen=True, slots=True)
class Subject:
    """A candidate with the detections in its picture.

    `is_settled`: people settled it as yes. `is_refused`: they settled it otherwise, or
    it has an open report. `is_named`: it is the entity's representative by name.
    """

    candidate: int
    sha256: str
    rank: int | None
    detections: Sequence[Detection] = ()
    is_settled: bool = False
    is_named: bool = False
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best matching face of a candidate, and the features of its probability."""

    outcome: Outcome
    face: Detection | None = None
    similarity: float | None = None
    cohesion: float | None = None
    references: int = 0

    def features(self, rank: int | None) -> list[float]:
        """Return the features in the order of `base.FEATURES`; NaN for missing ones."""
        assert self.face is not None
        return [
            _number(self.similarity),
            _number(self.cohesion),
            self.face.detection,
            self.face.side,
            _number(rank),
        ]


@dataclass(frozen=True, slots=True)
class Match:
    """The face of a candidate that is most similar to any reference."""

    face: Detection
    similarity: float | None  # None without references
    references: int  # compared with


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def compare(subjects: Sequence[Subject]) -> dict[int, Comparison]:
    """Compare one entity's candidates, given by rank. Return those with a detection.

    Compare with the references (the largest face of the representative, and the settled
    images) and with the entity's other candidates. No picture is compared with itself,
    even if it belongs to several candidates.
    """
    detected = [subject for subject in subjects if subject.detections]
    references = _References(detected)
    matches = {subject.candidate: references.match(subject) for subject in detected}
    candidates = _Candidates(
        [(subject, matches[subject.candidate].face) for subject in detected[:OTHERS]]
    )
    return {
        subject.candidate: _comparison(subject, matches[subject.candidate], candidates)
        for subject in detected
    }


def _comparison(
    subject: Subject, match: Match, candidates: "_Candidates"
) -> Comparison:
    outcome = Outcome.SCORED
    if match.similarity is None:
        outcome = Outcome.NO_REFERENCE
    cohesion = candidates.cohesion(subject, match.face)
    return Comparison(outcome, match.face, match.similarity, cohesion, match.references)


class _References:
    """Digests and vectors of the references.

    The representative's largest face counts, because the detector can find a bystander
    first. If no representative is named, or people refused it, the first candidate by
    rank with a detection takes its place, unless it was refused.
    """

    def __init__(self, subjects: Sequence[Subject]) -> None:
        faces = _reference_faces(subjects)
        self._digests = np.array([subject.sha256 for subject, _ in faces])
        self._vectors = _stack([face for _, face in faces])

    def match(self, subject: Subject) -> Match:
        """Return the best matching face of a candidate."""
        vectors = self._vectors[self._digests != subject.sha256]
        if not len(vectors):
            return Match(subject.detections[0], None, 0)
        return Match(*_nearest(subject.detections, vectors), len(vectors))


def _reference_faces(
    subjects: Sequence[Subject],
) -> list[tuple[Subject, Detection]]:
    """Return the representative and the settled pictures with their reference faces."""
    eligible = [subject for subject in subjects if not subject.is_refused]
    representatives = [subject for subject in eligible if subject.is_named] or eligible[
        :1
    ]
    faces = [(subject, subject.detections[0]) for subject in representatives]
    base = _stack([face for _, face in faces]) if faces else None
    for subject in eligible:
        if (
            subject.is_settled
            and subject not in representatives
            and len(faces) < REFERENCES
        ):
            # People decided that the picture shows the entity, but not which face.
            face = subject.detections[0]
            if base is not None:
                face, _ = _nearest(subject.detections, base)
            faces.append((subject, face))
    return faces


def _stack(faces: Sequence[Detection]) -> NDArray[np.float32]:
    if not faces:
        return np.empty((0, 0), np.float32)
    return np.stack([face.vector for face in faces])


def _nearest(
    faces: Sequence[Detection], vectors: NDArray[np.float32]
) -> tuple[Detection, float]:
    """Return the face with the largest cosine to any vector, and that cosine."""
    cosines = (_stack(faces) @ vectors.T).max(axis=1)
    index = int(cosines.argmax())
    return faces[index], float(np.clip(cosines[index], -1, 1))


class _Candidates:
    """The best matching faces of an entity's candidates."""

    def __init__(self, faces: Sequence[tuple[Subject, Detection]]) -> None:
        self._digests = np.array([subject.sha256 for subject, _ in faces])
        self._vectors = _stack([face for _, face in faces])

    def cohesion(self, subject: Subject, face: Detection) -> float | None:
        """Return the mean cosine to the `NEAREST` most similar other pictures."""
        vectors = self._vectors[self._digests != subject.sha256]
        if not len(vectors):
            return None
        cosines = np.sort(vectors @ face.vector)[-NEAREST:]
        return float(np.clip(cosines.mean(), -1, 1))
