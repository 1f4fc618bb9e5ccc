"""The parametric portrait: head and shoulders of a person, on a transparent background."""

import numpy as np

from tools.drawn_people import body, eyes, glasses, hair, light, relief, skin, view
from tools.drawn_people.canvas import (
    ROWS,
    Array,
    Generator,
    X,
    Y,
    mix,
    ramp,
    soften,
)
from tools.drawn_people.person import Moment, Person


def draw(person: Person, moment: Moment) -> Array:
    """Draw head and shoulders. Return light in three channels, coverage in the fourth."""
    rng = np.random.default_rng(moment.seed)
    half = relief.half_widths(person, moment)
    mane = hair.grow(person, moment, half, rng)
    ray = light.direction(moment)
    front, height = draw_head(person, moment, half, mane, ray, rng)
    sheet = draw_back(moment, mane, ray)
    sheet = over(sheet, draw_body(person, moment, rng))
    return over(sheet, view.turned(front, moment, soften(height, 0.035)))


def draw_head(
    person: Person,
    moment: Moment,
    half: Array,
    mane: hair.Hair,
    ray: Array,
    rng: Generator,
) -> tuple[Array, Array]:
    """Draw the face, ears and front hair. Return the layer and its heights."""
    height, inside = relief.head(person, moment)
    ear, ear_height = ears(person, half)
    colours = skin.paint(person, moment, half, rng)
    whole = np.maximum(inside, ear)
    base = np.where(inside > 0.5, height, ear_height).astype(np.float32)
    top = base + mane.height * mane.front
    shadows = light.shadow(soften(top, 0.01), ray)
    gloss = 0.1 * np.exp(-((X / 0.55) ** 2)) * (1 - 0.7 * mane.front) + 0.02
    gloss = gloss * (1 - eyes.openings(person, moment))
    face = light.shade(
        colours, base, moment.light, ray, shadows=shadows, gloss=gloss, flesh=True
    )
    face = face + eyes.glints(person, moment)[..., None] * 0.9
    crown = np.maximum(base, dome(half)) + mane.height
    strands = lit_strands(moment, mane, crown, ray, shadows)
    face = covered(face, strands, mane.front, whole)
    if moment.glasses:
        face = glasses.wear(face, person, moment)
    layer = np.dstack([face, np.maximum(whole, mane.front)]).astype(np.float32)
    return layer, np.maximum(base, crown * (mane.front > 0.3))


def lit_strands(
    moment: Moment, mane: hair.Hair, crown: Array, ray: Array, shadows: Array
) -> Array:
    """Light the front hair, which takes less shadow than skin."""
    strands = light.shade(
        mane.colour, crown, moment.light, ray, shadows=shadows * 0.4, gloss=0.05
    )
    return strands + sheen(mane, crown, ray)[..., None] * mane.colour


def covered(face: Array, strands: Array, front: Array, whole: Array) -> Array:
    """Lay hair over a face, which is darker where the hair begins."""
    rim = np.clip(soften(front, 0.05) - front, 0, 1)
    # Outside the face only hair colours the edge. Otherwise it gets a halo of skin.
    share = front / np.maximum(np.maximum(whole, front), 1e-3)
    return mix(face * (1 - 0.45 * rim)[..., None], strands, share)


def dome(half: Array) -> Array:
    """Return the vault under the hair, wider than the face itself."""
    wide = np.maximum(half, 0.95)[:, None] + 0.3
    return np.sqrt(np.clip(1 - (X / wide) ** 2, 0, 1)) * np.sqrt(
        np.clip(1 - (np.minimum(Y + 0.5, 0) / 1.6) ** 2, 0, 1)
    ).astype(np.float32)


def sheen(mane: hair.Hair, crown: Array, ray: Array) -> Array:
    """Return the soft band of light across combed hair."""
    facing = light.normals(soften(crown, 0.08)) @ (
        ray + np.array([0, -0.35, 0.6], np.float32)
    )
    return (0.9 * ramp(facing, 1.05, 1.5) * mane.front).astype(np.float32)


def ears(person: Person, half: Array) -> tuple[Array, Array]:
    """Return the mask and the heights of the ears."""
    out = 0.05 + 0.025 * person.traits.ear
    middle = float(np.interp(0.05, ROWS, half))
    x = np.abs(X) - middle - out + 0.1 * (Y - 0.05)
    away = np.hypot(x / 0.13, (Y - 0.06) / (0.31 + 0.03 * person.traits.ear))
    rim = np.exp(-(((away - 0.85) / 0.16) ** 2)) * 0.06
    bowl = -0.07 * np.exp(-((away / 0.5) ** 2))
    return ramp(1 - away, -0.03, 0.04), (
        0.05 + rim + bowl + 0.12 * np.maximum(1 - away, -1)
    ).astype(np.float32)


def draw_back(moment: Moment, mane: hair.Hair, ray: Array) -> Array:
    """Draw the hair behind the head, darker than the front hair."""
    height = soften(mane.back, 0.1) * 0.4 + mane.height * 0.6
    shadows = np.full_like(X, 0.35)
    lit = light.shade(
        mane.colour * 0.75, height, moment.light, ray, shadows=shadows, gloss=0.01
    )
    layer = np.dstack([lit, mane.back]).astype(np.float32)
    return view.turned(layer, moment, np.full_like(X, -0.35))


def draw_body(person: Person, moment: Moment, rng: Generator) -> Array:
    """Draw neck and shoulders, which do not turn with the head."""
    height, within = body.shape(person)
    colours, covered = body.paint(person, moment, rng)
    height = soften(height + 0.05 * covered, 0.02)
    ray = np.array([moment.light.x, moment.light.y, 0.75], np.float32)
    shadows = body.shadow_of_head(moment, relief.chin_of(person))
    lit = light.shade(
        colours,
        height,
        moment.light,
        ray / np.linalg.norm(ray),
        shadows=shadows,
        gloss=0.01,
        flesh=True,
    )
    lit = lit * (1 - 0.3 * shadows)[..., None]
    return np.dstack([lit, within]).astype(np.float32)


def over(under: Array, top: Array) -> Array:
    """Lay one layer over another."""
    share = top[..., 3:]
    colour = top[..., :3] * share + under[..., :3] * under[..., 3:] * (1 - share)
    whole = share + under[..., 3:] * (1 - share)
    return np.dstack([colour / np.maximum(whole, 1e-4), whole]).astype(np.float32)
