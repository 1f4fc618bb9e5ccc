"""The height field of a head: an outline, a vault, and bumps for its features.

A face detector finds a lit relief, but not a flat drawing.
"""

import numpy as np

from tools.drawn_people import eyes, mouth
from tools.drawn_people.canvas import (
    ROWS,
    SCALE,
    Array,
    X,
    Y,
    both,
    curve,
    ramp,
    soften,
    spot,
)
from tools.drawn_people.person import Moment, Person

CROWN, TEMPLE = -1.62, -0.45


def chin_of(person: Person) -> float:
    """Return the row of the chin."""
    return 1.34 + 0.1 * person.traits.length + (0.05 if person.male else -0.02)


def half_widths(person: Person, moment: Moment) -> Array:
    """Return half the width of the head on each row, 0 above and below the head."""
    t, low = person.traits, chin_of(person)
    male = 0.05 if person.male else -0.03
    full = 0.02 * np.clip((moment.age - 30) / 20, -1, 1.5)
    down = np.clip((ROWS - TEMPLE) / (low - TEMPLE), 0, 1)
    lower = curve(
        [
            (0, 0.97),
            (0.3, 0.95 + 0.05 * t.cheek + full),
            (0.62, 0.81 + 0.09 * t.jaw + male + full),
            (0.85, 0.6 + 0.07 * t.jaw + 0.08 * t.chin + male + full),
            (1, 0.42 + 0.1 * t.chin + male),
        ],
        down,
        smooth=25,
    ) * np.sqrt(np.clip(1 - down**9, 0, 1))
    up = np.clip((TEMPLE - ROWS) / (TEMPLE - CROWN), 0, 1)
    upper = 0.97 * np.sqrt(np.clip(1 - up**2.3, 0, 1))
    return np.where(ROWS < TEMPLE, upper, lower).astype(np.float32)


def vault(half: Array, low: float) -> Array:
    """Return the plain vault of a head over its outline."""
    depth = curve(
        [
            (CROWN, 0),
            (-1.45, 0.42),
            (-1.15, 0.75),
            (-0.8, 0.93),
            (-0.4, 1.0),
            (0.5, 1.02),
            (low - 0.3, 0.96),
            (low - 0.08, 0.8),
            (low, 0.5),
        ],
        ROWS,
        smooth=17,
    )
    across = np.abs(X) / np.maximum(half, 0.02)[:, None]
    return depth[:, None] * np.sqrt(np.clip(1 - across**2.3, 0, 1))


def nose(person: Person) -> Array:
    """Return the heights of the nose: a ridge that grows downwards, a tip, two wings."""
    t = person.traits
    end = nose_end(person)
    male = 1.08 if person.male else 0.94
    down = np.clip((Y + 0.32) / (end + 0.32), 0, 1)
    height = (0.05 + 0.05 * t.nose_bridge) * (1 - down) + 0.27 * male * down**1.25
    height = height + 0.035 * (t.nose_bridge + 0.3) * spot(0, 0.05, 9, 0.18)
    width = 0.105 + 0.015 * t.nose_width + 0.07 * down
    ridge = height * np.exp(-((X / width) ** 2)) * ramp(Y, -0.5, -0.2)
    ridge = ridge * (1 - ramp(Y, end - 0.1, end + 0.12))
    wide = 0.155 + 0.035 * t.nose_width
    tip = 0.14 * spot(0, end - 0.07, 0.135 + 0.025 * t.nose_tip, 0.12)
    wings = 0.15 * both(wide, end - 0.04, 0.075 + 0.015 * t.nose_width, 0.085)
    return ridge + tip + wings - 0.05 * both(0.075, end + 0.03, 0.05, 0.03)


def nose_end(person: Person) -> float:
    """Return the row where the nose ends."""
    return 0.43 + 0.07 * person.traits.nose_length


def lines_of_age(moment: Moment) -> Array:
    """Return the heights of wrinkles. There are none before an age of about 35."""
    old = float(np.clip((moment.age - 34) / 36, 0, 1.1))
    fold = np.abs(np.abs(X) - (0.27 + 0.16 * ramp(Y, 0.4, 0.95))) / 0.035
    folds = np.exp(-(fold**2)) * ramp(Y, 0.34, 0.5) * (1 - ramp(Y, 0.7, 0.98))
    wave = np.exp(-((((Y + 0.78 + 0.04 * np.cos(X * 4)) % 0.15 - 0.075) / 0.018) ** 2))
    forehead = wave * spot(0, -0.72, 0.5, 0.16)
    bags = both(0.41, 0.13, 0.17, 0.05)
    feet = both(0.72, -0.04, 0.09, 0.012, 0.35) + both(0.73, -0.11, 0.09, 0.012, -0.2)
    smile = 0.4 + 0.6 * moment.smile
    deep = folds * (0.02 * smile + 0.05 * old) + 0.022 * old * (forehead + feet)
    return (0.035 * old * bags - deep).astype(np.float32)


def head(person: Person, moment: Moment) -> tuple[Array, Array]:
    """Return the heights of the head and the mask of its outline."""
    t, low = person.traits, chin_of(person)
    half = half_widths(person, moment)
    inside = ramp(half[:, None] - np.abs(X), -0.012, 0.012) * (half > 0.03)[:, None]
    height = soften(vault(half, low), 0.03)
    ridge = 0.03 + 0.03 * t.brow_ridge + (0.035 if person.male else -0.01)
    height = height + ridge * both(0.36, -0.36, 0.3, 0.11, 0.12)
    height = height + (0.05 + 0.04 * t.cheekbone) * both(0.6, 0.2, 0.24, 0.2, -0.4)
    height = height + 0.05 * moment.smile * both(0.5, 0.36, 0.17, 0.15)
    thin = 0.05 - 0.03 * t.cheek + 0.0005 * moment.age
    height = height - thin * both(0.62, 0.66, 0.22, 0.3, 0.3)
    height = height + 0.1 * spot(0, low - 0.2, 0.2 + 0.05 * t.chin, 0.16)
    height = height - 0.05 * spot(0, low - 0.4, 0.3, 0.07)
    height = height + eyes.relief(person, moment) + nose(person)
    height = height + mouth.relief(person, moment) + lines_of_age(moment)
    return soften(height.astype(np.float32), 1.1 / SCALE), inside.astype(np.float32)
