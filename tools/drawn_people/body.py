"""Neck, shoulders and clothes."""

from colorsys import hsv_to_rgb

import numpy as np

from tools.drawn_people.canvas import (
    Array,
    Generator,
    X,
    Y,
    grain,
    linear,
    mix,
    ramp,
    spot,
)
from tools.drawn_people.person import SKINS, Moment, Person


def shape(person: Person) -> tuple[Array, Array]:
    """Return the heights and the mask of neck and shoulders."""
    side = np.abs(X)
    broad = 2.25 if person.male else 1.9
    neck = (0.6 if person.male else 0.49) + 0.22 * ramp(Y, 1.3, 1.95)
    line = 1.72 + 0.38 * np.clip((side - 0.5) / 1.3, 0, 2) ** 1.15
    drop = np.clip((side - broad + 0.5) / 0.5, 0, 1.5) ** 2 * 0.7
    shoulders = Y - line - drop
    within = np.maximum(ramp(neck - side, -0.02, 0.02), ramp(shoulders, -0.015, 0.025))
    within = within * ramp(Y, 0.4, 0.5)
    pipe = 0.5 * np.sqrt(np.clip(1 - (side / 0.62) ** 2, 0, 1))
    chest = (
        0.75
        * np.sqrt(np.clip(shoulders, 0, 0.6) / 0.6)
        * np.clip(1 - (side / 2.6) ** 2, 0, 1)
    )
    height = np.maximum(pipe, chest) - 0.25
    tendon = 0.015 * np.exp(-(((side - 0.34 + 0.25 * (Y - 1.2)) / 0.06) ** 2))
    return (height + tendon).astype(np.float32), within.astype(np.float32)


def cloth(hue: float, rng: Generator) -> Array:
    """Return a muted colour for clothes."""
    bright = rng.uniform(0.2, 0.75)
    red, green, blue = hsv_to_rgb(hue, rng.uniform(0.15, 0.6), bright)
    return linear((red * 255, green * 255, blue * 255))


def neckline(wear: str) -> Array:
    """Return the distance of each point below the upper edge of the cloth."""
    side = np.abs(X)
    if wear == "turtle":
        return Y - 1.42 - 0.06 * np.cos(side * 2)
    if wear == "vneck":
        return Y - np.minimum(2.62, 1.78 + np.clip(0.62 - side, 0, 1) * 1.5)
    if wear == "round":
        return Y - 1.72 - 0.36 * np.clip(1 - (side / 0.72) ** 2, 0, 1)
    return Y - 1.62 - 0.75 * np.clip(0.62 - side, 0, 1)


def paint(person: Person, moment: Moment, rng: Generator) -> tuple[Array, Array]:
    """Return the colours of neck and clothes, and the mask of the cloth."""
    base = linear(SKINS[person.skin]) * 0.92
    colours = np.broadcast_to(base, (*X.shape, 3)).astype(np.float32)
    main = cloth(moment.wear_hue, rng)
    edge = neckline(moment.wear)
    covered = ramp(edge, 0, 0.02)
    wide = np.abs(X)
    folds = 1 + 0.08 * grain(rng, 0.22) + 0.03 * grain(rng, 0.015)
    colours = mix(colours, (main * folds[..., None]).astype(np.float32), covered)
    if moment.wear in ("shirt", "jacket"):
        under = linear((226, 226, 224)) if moment.wear == "jacket" else main * 1.25
        collar = (
            ramp(edge, 0, 0.02) * ramp(0.3 - edge, 0, 0.03) * ramp(0.85 - wide, 0, 0.05)
        )
        colours = mix(colours, under, collar)
    if moment.wear == "jacket":
        colours = jacket(colours, main, edge, rng)
    seam = np.exp(-(((edge - 0.015) / 0.02) ** 2))
    return colours * (1 - 0.4 * seam * covered)[..., None], covered


def jacket(colours: Array, main: Array, edge: Array, rng: Generator) -> Array:
    """Paint an open jacket over a shirt and a tie."""
    wide = np.abs(X)
    shirt = ramp(edge, 0, 0.02) * ramp(0.12 + 0.34 * (3.1 - Y) - wide, 0, 0.03)
    colours = mix(colours, linear((222, 224, 226)), shirt)
    tie = ramp(0.075 + 0.05 * (Y - 1.9) - wide, 0, 0.02) * ramp(Y, 2.02, 2.06)
    colours = mix(colours, cloth(rng.random(), rng) * 0.8, tie)
    lapel = np.exp(-(((0.12 + 0.34 * (3.1 - Y) - wide) / 0.02) ** 2)) * ramp(
        edge, 0, 0.1
    )
    return colours * (1 - 0.45 * lapel)[..., None]


def shadow_of_head(moment: Moment, low: float) -> Array:
    """Return the shadow of the head on the neck, on the side away from the light."""
    away = -0.25 * moment.light.x
    return 0.62 * spot(away, low + 0.06, 0.75, 0.36) * ramp(Y, 0.5, 1.0)
