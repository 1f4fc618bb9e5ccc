"""Turning of the head: a warp by its heights, so that yaw and pitch show depth."""

import cv2
import numpy as np

from tools.drawn_people import light
from tools.drawn_people.canvas import LEFT, SCALE, TOP, Array, X, Y
from tools.drawn_people.person import Moment

PIVOT = np.array([0, 0.75, 0.1], np.float32)


def sources(moment: Moment, height: Array) -> tuple[Array, Array]:
    """Return, for each point of the picture, the point of the sheet that is visible there."""
    roll = np.radians(moment.roll)
    dx, dy = X - PIVOT[0], Y - PIVOT[1] - 0.45
    seen_x = dx * np.cos(roll) + dy * np.sin(roll)
    seen_y = dy * np.cos(roll) - dx * np.sin(roll) + 0.45
    turn = light.turn(moment)
    inverse = np.linalg.inv(turn[:2, :2])
    at_x, at_y = seen_x, seen_y
    # The height at the source depends on the source, so the solution is iterative.
    for _ in range(7):
        z = sample(height, at_x + PIVOT[0], at_y + PIVOT[1]) - PIVOT[2]
        rest_x, rest_y = seen_x - turn[0, 2] * z, seen_y - turn[1, 2] * z
        new_x = inverse[0, 0] * rest_x + inverse[0, 1] * rest_y
        new_y = inverse[1, 0] * rest_x + inverse[1, 1] * rest_y
        at_x, at_y = (at_x + new_x) / 2, (at_y + new_y) / 2
    return at_x + PIVOT[0], at_y + PIVOT[1]


def sample(picture: Array, x: Array, y: Array) -> Array:
    """Sample a picture of the sheet at these points."""
    at_x = ((x - LEFT) * SCALE).astype(np.float32)
    at_y = ((y - TOP) * SCALE).astype(np.float32)
    return cv2.remap(
        picture, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)


def turned(layer: Array, moment: Moment, height: Array) -> Array:
    """Return a layer as it looks when the head is turned."""
    x, y = sources(moment, height)
    return sample(layer, x, y)
