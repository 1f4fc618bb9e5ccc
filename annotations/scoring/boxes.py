"""Boxes in a picture: which of the faces found belongs to a frame."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]  # x1 y1 x2 y2, relative to the picture


def shared(one: Sequence[float], other: Sequence[float]) -> float:
    """The part of both boxes' area that they share, 0 to 1."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, across) * max(0.0, down)
    areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return both / (areas - both) if areas > both else 0.0


def framed(boxes: Sequence[Sequence[float]], frame: Sequence[float]) -> int | None:
    """The place of the face that a frame was drawn round; None where it is none of them.

    A face belongs to a frame if its middle lies inside; of several the one that shares
    most with it. So a wide frame still finds its face, and none takes a neighbour's.
    """
    inside = [n for n, box in enumerate(boxes) if _holds_middle(frame, box)]
    return max(inside, key=lambda n: shared(boxes[n], frame), default=None)


def _holds_middle(frame: Sequence[float], box: Sequence[float]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return frame[0] <= x <= frame[2] and frame[1] <= y <= frame[3]
