"""The mouth: its lines, heights and colours."""

from typing import NamedTuple

import numpy as np

from tools.drawn_people.canvas import Array, X, Y, linear, mix, ramp, spot
from tools.drawn_people.person import Moment, Person


class Lines(NamedTuple):
    """The rows, per column, where the lips begin, meet, part and end."""

    top: Array
    upper: Array
    lower: Array
    bottom: Array
    inside: Array


def lines(person: Person, moment: Moment) -> Lines:
    """Return the lines of the lips."""
    t = person.traits
    half = 0.33 + 0.05 * t.mouth_width + 0.07 * moment.smile
    across = np.clip(X / half, -1, 1)
    arch = 1 - across**2
    middle = height_of(person) - 0.03 * moment.smile
    bow = 0.008 * np.exp(-((X / 0.07) ** 2))
    meet = middle - 0.11 * (moment.smile - 0.1) * np.abs(across) ** 1.7 + bow
    age = float(np.clip((moment.age - 40) / 40, 0, 1))
    full = 1 - 0.12 * moment.smile - 0.3 * age
    cupid = 0.022 * np.exp(-((X / 0.05) ** 2))
    top = meet - ((0.095 + 0.035 * t.lip_upper) * full * arch**0.8 - cupid * arch)
    gap = 0.14 * moment.opened * arch
    bottom = meet + gap + (0.12 + 0.035 * t.lip_lower) * full * arch**0.65
    inside = ramp(half - np.abs(X), 0, 0.03)
    return Lines(top, meet - gap * 0.1, meet + gap, bottom, inside)


def height_of(person: Person) -> float:
    """Return the row of the mouth."""
    traits = person.traits
    return 0.79 + 0.03 * traits.mouth_height + 0.04 * traits.length


def relief(person: Person, moment: Moment) -> Array:
    """Return the heights of the lips, with the line between them and the corners pressed in."""
    at = lines(person, moment)
    upper = swell(Y, at.top, at.upper) * 0.05
    lower = swell(Y, at.lower, at.bottom) * 0.075
    seam = np.exp(-(((Y - (at.upper + at.lower) / 2) / 0.02) ** 2)) * 0.04
    muzzle = 0.07 * spot(0, height_of(person) - 0.02, 0.34, 0.24)
    corner = 0.33 + 0.05 * person.traits.mouth_width + 0.07 * moment.smile
    lift = height_of(person) - 0.14 * moment.smile
    pits = spot(corner, lift, 0.06, 0.05) + spot(-corner, lift, 0.06, 0.05)
    groove = 0.02 * spot(0, height_of(person) - 0.2, 0.045, 0.09)
    return muzzle + (upper + lower - seam) * at.inside - 0.04 * pits - groove


def swell(y: Array, low: Array, high: Array) -> Array:
    """Return an arch from one line to another."""
    part = (y - low) / np.maximum(high - low, 1e-3)
    return np.sqrt(np.clip(4 * part * (1 - part), 0, 1)).astype(np.float32)


def between(low: Array, high: Array, soft: float = 0.012) -> Array:
    """Return the mask of the rows from one line to another."""
    return ramp(Y - low, -soft, soft) * ramp(high - Y, -soft, soft)


def paint(skin: Array, base: Array, person: Person, moment: Moment) -> Array:
    """Colour the lips, and the teeth where the mouth is open."""
    at = lines(person, moment)
    red = linear((176, 74, 76)) if person.male else linear((186, 58, 68))
    tone = (
        base * np.asarray((0.78, 0.5, 0.52), np.float32) * 0.7 + red * base.mean() * 0.9
    )
    share = between(at.top, at.bottom) * at.inside * (0.62 if person.male else 0.85)
    skin = mix(skin, tone.astype(np.float32), share)
    upper = between(at.top, at.upper) * at.inside
    skin = skin * (1 - 0.2 * upper)[..., None]
    gap = between(at.upper, at.lower, 0.006) * at.inside
    gap = gap * min(1.0, moment.opened * 6)
    skin = mix(skin, linear((60, 18, 20)), gap)
    tooth = between(at.upper, at.upper + (at.lower - at.upper) * 0.72, 0.008)
    comb = 1 - 0.12 * np.exp(-(((X % 0.085 - 0.042) / 0.006) ** 2))
    white = linear((226, 218, 204)) * comb[..., None]
    edge = 1 - np.clip(np.abs(X) / 0.42, 0, 1) ** 3
    skin = mix(skin, white, tooth * gap * edge)
    line = np.exp(-(((Y - at.upper) / 0.013) ** 2)) * at.inside
    return mix(skin, base * linear((120, 60, 58)), line * 0.95)
