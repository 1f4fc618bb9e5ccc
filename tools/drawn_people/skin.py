"""The colours of a face: skin, redness, freckles, stubble and beard."""

import numpy as np

from tools.drawn_people import eyes, hair, mouth, relief
from tools.drawn_people.canvas import (
    Array,
    Generator,
    X,
    Y,
    both,
    grain,
    linear,
    mix,
    ramp,
    spot,
)
from tools.drawn_people.person import SKINS, Moment, Person


def paint(person: Person, moment: Moment, half: Array, rng: Generator) -> Array:
    """Paint the whole face as it looks under even light."""
    base = linear(SKINS[person.skin])
    skin: Array = np.broadcast_to(base, (*X.shape, 3)).astype(np.float32)
    mottle = 1 + 0.025 * grain(rng, 0.12) + 0.02 * grain(rng, 0.02)
    skin = skin * mottle[..., None]
    skin = flush(skin, base, person, moment)
    skin = marks(skin, base, person)
    skin = mouth.paint(skin, base, person, moment)
    skin = beard(skin, person, moment, half, rng)
    hairs = hair.colour_of(person, moment)
    brow = eyes.brows(person, moment, np.random.default_rng(person.seed))
    skin = mix(skin, hairs * 0.5 + 0.003, brow * 0.95)
    return eyes.paint(skin, base, person, moment)


def flush(skin: Array, base: Array, person: Person, moment: Moment) -> Array:
    """Redden cheeks and nose, and darken the skin around the eyes."""
    red = base * np.array([1.02, 0.7, 0.66], np.float32)
    end = relief.nose_end(person)
    cheeks = both(0.55, 0.32, 0.26, 0.22) * (0.3 if person.male else 0.42)
    skin = mix(skin, red, cheeks + 0.35 * spot(0, end - 0.05, 0.2, 0.14))
    shade = base * np.array([0.72, 0.58, 0.56], np.float32)
    x, y, _ = eyes.place(person)
    tired = 0.22 + 0.004 * max(0, moment.age - 30)
    skin = mix(skin, shade, tired * both(x - 0.03, y + 0.13, 0.2, 0.06))
    skin = mix(skin, shade, 0.3 * both(x, y - 0.1, 0.23, 0.08))
    skin = mix(skin, base * 0.12, 0.75 * both(0.085, end + 0.035, 0.05, 0.024, 0.25))
    return mix(skin, shade * 0.8, 0.4 * both(0.2, end + 0.005, 0.018, 0.07))


def marks(skin: Array, base: Array, person: Person) -> Array:
    """Paint freckles and a mole at the positions that belong to this person."""
    person_rng = np.random.default_rng(person.seed + 1)
    if person.freckles:
        dots = ramp(grain(person_rng, 0.022), 1.2, 2.2) * person.freckles
        where = both(0.45, 0.25, 0.38, 0.2) + spot(0, 0.15, 0.25, 0.25)
        skin = mix(
            skin, base * np.array([0.62, 0.42, 0.32], np.float32), dots * where * 0.8
        )
    if person.mole:
        skin = mix(skin, base * 0.18, spot(*person.mole, 0.028, 0.026) * 0.95)
    return skin


def beard_mask(person: Person, moment: Moment, half: Array) -> Array:
    """Return the mask of a beard: jaw, chin and upper lip, without the lips."""
    at = mouth.lines(person, moment)
    low = relief.chin_of(person)
    inset = np.abs(X) / np.maximum(half, 0.05)[:, None]
    cheek = Y - (0.88 - 0.75 * np.clip(inset, 0, 1) ** 3)
    jaw = ramp(cheek, -0.02, 0.22)
    lip = (
        ramp(0.42 - np.abs(X), 0, 0.2)
        * ramp(Y - relief.nose_end(person) - 0.09, 0, 0.07)
        * ramp(at.top - Y, -0.005, 0.02)
    )
    lips = (
        ramp(Y - at.top, -0.02, 0.02)
        * ramp(at.bottom + 0.02 - Y, -0.02, 0.02)
        * at.inside
    )
    bare = (
        0.6
        * np.exp(-(((np.abs(X) - 0.14) / 0.06) ** 2))
        * np.exp(-(((Y - at.bottom - 0.06) / 0.05) ** 2))
    )
    whole = np.maximum(jaw, lip) * (1 - lips) * (1 - bare)
    return (whole * ramp(low + 0.06 - Y, 0, 0.03)).astype(np.float32)


def beard(
    skin: Array, person: Person, moment: Moment, half: Array, rng: Generator
) -> Array:
    """Paint stubble or a beard, if there is one."""
    if not moment.beard:
        return skin
    where = beard_mask(person, moment, half)
    strands = hair.comb(rng, (X * 0.8, 0.8 + 0 * Y), 3, 0.01)
    thick = np.clip(
        moment.beard * 1.05 + 0.16 * strands * min(1.0, moment.beard * 2), 0, 1
    )
    colour = hair.colour_of(person, moment) * 0.8
    tone = np.clip(0.9 + 0.22 * strands, 0.5, 1.5)[..., None]
    return mix(skin, (colour * tone).astype(np.float32), where * thick)
