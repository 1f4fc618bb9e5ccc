"""Boxes in a picture: which of the detected faces belongs to a frame."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]  # x1 y1 x2 y2, relative to the picture


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    intersection = max(0.0, width) * max(0.0, height)
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (first, second))
    if areas <= intersection:
        return 0.0
    return intersection / (areas - intersection)


def framed(boxes: Sequence[Sequence[float]], frame: Sequence[float]) -> int | None:
    """Return the index of the face that a frame was drawn around, None if there is none.

    A face belongs to a frame if its centre is inside. Of several, the one with the
    largest overlap counts. So a wide frame still gets its face, and no frame gets a
    neighbour's face.
    """
    inside = [n for n, box in enumerate(boxes) if _contains_centre(frame, box)]
    return max(inside, key=lambda n: overlap(boxes[n], frame), default=None)


def _contains_centre(frame: Sequence[float], box: Sequence[float]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return frame[0] <= x <= frame[2] and frame[1] <= y <= frame[3]
