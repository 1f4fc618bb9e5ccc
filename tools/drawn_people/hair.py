"""Hair: a silhouette, a hairline, and strands, which are noise smeared along a flow."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from tools.drawn_people import relief
from tools.drawn_people.canvas import (
    HEIGHT,
    ROWS,
    SCALE,
    WIDTH,
    Array,
    Generator,
    X,
    Y,
    grain,
    linear,
    ramp,
    soften,
)
from tools.drawn_people.person import HAIRS, Moment, Person


@dataclass(frozen=True)
class Style:
    """A haircut: thickness at top and sides, length, and the position of the hairline."""

    top: float = 0.16
    side: float = 0.07
    down: float = -0.1
    line: float = -0.98
    slope: float = 0
    temples: float = 0
    part: float = 0
    flow: str = "part"
    wave: float = 0
    behind: float = 0
    wide: float = 0.2
    rough: float = 0.02


STYLES = {
    "bald": Style(top=0.0, side=0.015, down=0.1, line=-2.2, flow="back"),
    "ring": Style(top=0.0, side=0.06, down=0.15, line=-1.75, temples=0.3, flow="back"),
    "buzz": Style(top=0.05, side=0.03, down=0.0, temples=0.06, flow="back"),
    "short": Style(part=-0.35, slope=0.14, temples=0.05),
    "side": Style(top=0.22, part=0.45, slope=-0.22, line=-0.92),
    "quiff": Style(top=0.34, side=0.03, flow="back", temples=0.08, line=-1.0),
    "back": Style(
        top=0.17, side=0.04, flow="back", temples=0.14, line=-1.08, rough=0.01
    ),
    "mess": Style(top=0.27, side=0.13, down=0.15, line=-0.8, wave=0.8, part=-0.2),
    "curls": Style(top=0.3, side=0.2, down=0.1, line=-0.93, flow="curl"),
    "afro": Style(
        top=0.56, side=0.5, down=0.3, line=-0.95, flow="curl", behind=0.7, wide=0.5
    ),
    "bob": Style(top=0.2, side=0.2, down=0.95, behind=1.05, part=-0.3, wide=0.3),
    "fringe": Style(top=0.2, side=0.17, down=1.1, line=-0.5, behind=1.2, wide=0.27),
    "long": Style(top=0.17, side=0.14, down=1.7, behind=2.6, part=0.05, wide=0.36),
    "wavy": Style(
        top=0.24,
        side=0.22,
        down=1.8,
        behind=2.4,
        part=-0.3,
        wave=1,
        wide=0.5,
        slope=0.1,
    ),
    "curly": Style(top=0.32, side=0.34, down=1.4, behind=1.9, flow="curl", wide=0.62),
    "tied": Style(top=0.1, side=0.05, down=-0.05, flow="back", line=-1.02, rough=0.006),
    "bun": Style(top=0.12, side=0.06, down=-0.05, flow="back", line=-1.02, rough=0.006),
}


# OpenCV needs an empty second map when the first one holds both coordinates.
NO_SECOND_MAP = np.empty(0, np.float32)


class Hair(NamedTuple):
    """Hair: its masks in front of and behind the head, its heights and its colours."""

    front: Array
    back: Array
    height: Array
    colour: Array


def comb(rng: Generator, along: tuple[Array, Array], reach: int, size: float) -> Array:
    """Return strands: noise smeared along a flow."""
    noise = grain(rng, size)
    length = np.hypot(*along) + 1e-6
    step = np.dstack([part / length * 2 for part in along]).astype(np.float32)
    start = np.dstack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)))
    total = noise.copy()
    for sign in (-1, 1):
        at = start.astype(np.float32)
        for _ in range(reach):
            at = at + sign * cv2.remap(step, at, NO_SECOND_MAP, cv2.INTER_NEAREST)
            total += cv2.remap(
                noise,
                at,
                NO_SECOND_MAP,
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
    return ((total - total.mean()) / (total.std() + 1e-6)).astype(np.float32)


def flow(style: Style, rng: Generator) -> tuple[Array, Array]:
    """Return the direction of the hair at each point."""
    if style.flow == "curl":
        turn = grain(rng, 0.05) * 2.2
        return np.cos(turn), np.sin(turn)
    if style.flow == "back":
        across, down = X * 0.8, Y - 0.1
    else:
        fall = ramp(Y, -1.35, -0.4)
        across, down = (X - style.part) * (1.15 - fall), 0.22 + fall * 0.9 + 0 * X
    bend = 0.1 * grain(rng, 0.25) + style.wave * 0.55 * np.sin(
        Y * 7.5 + 2.2 * grain(rng, 0.4)
    )
    bend = bend * ramp(Y, -1.3, -0.2) if style.flow == "part" else bend * 0.4
    turn = np.arctan2(down, across) + bend
    return np.cos(turn).astype(np.float32), np.sin(turn).astype(np.float32)


def silhouette(style: Style, half: Array, low: float, rough: Array) -> Array:
    """Return the distance of each point from the outer edge of the hair, inwards."""
    centre = -0.45
    up = np.clip((centre - ROWS) / (centre - relief.CROWN + style.top), 0, 1)
    dome = (0.97 + style.side) * np.sqrt(np.clip(1 - up**2.2, 0, 1))
    below = half + style.side
    hang = (
        0.97
        + style.side
        + (style.wide - style.side) * 0.5 * np.clip((ROWS - centre) / 1.6, 0, 1)
    )
    sides = np.where(centre < ROWS, hang if style.down > 0.5 else below, dome)
    inside = sides[:, None] - np.abs(X)
    # Above the crown the dome is nearly flat, so the distance is vertical there.
    crown = Y - (relief.CROWN - style.top * (1 - 0.5 * X**2))
    return np.minimum(inside, crown) + rough * style.rough


def opening(style: Style, person: Person, moment: Moment, rough: Array) -> Array:
    """Return the distance of each point above the hairline (or beside the face)."""
    old = float(np.clip((moment.age - 38) / 35, 0, 1)) if person.male else 0.0
    side = np.abs(X)
    line = style.line - 0.1 * old + style.slope * X
    line = line - (style.temples + 0.22 * old) * np.exp(-(((side - 0.48) / 0.2) ** 2))
    outer = 0.93 if style.down < 0.5 else 0.97
    line = line + (style.down - line) * ramp(side, outer - 0.36, outer)
    if style.flow == "part" and style.down > 0.5:
        # Long hair falls from the parting and curves around the cheeks.
        line = line + 0.1 * np.clip(1 - np.abs(X - style.part) / 0.25, 0, 1) * -1
    return line - Y + rough * (0.01 + 1.4 * style.rough)


def back_mass(style: Style, rough: Array) -> Array:
    """Return the distance of each point from the edge of the hair behind the head."""
    if style.behind <= 0:
        return np.full_like(X, -1)
    part = np.clip((Y + 0.4) / (style.behind + 0.4), 0, 1)
    wide = 0.9 + style.wide * np.sqrt(np.clip(part, 0, 1)) - 0.25 * part**6
    inside = np.minimum(wide - np.abs(X), style.behind - Y + 0.06 * rough)
    return np.minimum(inside, Y + 1.5) + rough * 0.04


def grow(person: Person, moment: Moment, half: Array, rng: Generator) -> Hair:
    """Return the hair of a person at a moment."""
    style = STYLES[moment.style]
    along = flow(style, rng)
    curl = style.flow == "curl"
    reach = 3 if curl else 12
    fine = comb(rng, along, reach, 0.014)
    locks = comb(rng, along, reach, 0.055 if curl else 0.04)
    rough = 0.6 * fine + 0.9 * locks
    out = silhouette(style, half, relief.chin_of(person), rough)
    over = opening(style, person, moment, rough)
    front = ramp(out, -0.02, 0.035) * ramp(over, -0.015, 0.05)
    if moment.style in ("buzz", "bald", "ring"):
        front = front * (0.55 if moment.style != "ring" else 0.8)
    if moment.style == "bald":
        front = front * 0.25
    back = ramp(back_mass(style, rough), -0.02, 0.04)
    if moment.style == "bun":
        knot = 1 - np.hypot(X / 0.4, (Y + 1.85) / 0.34) + 0.05 * rough
        back = np.maximum(back, ramp(knot, 0, 0.08))
    edge = np.sqrt(np.clip(out, 0, 0.5) / 0.5) * np.clip(style.top + 0.06, 0.03, 0.3)
    height = edge + (0.03 if curl else 0.011) * locks + 0.006 * fine
    tone = np.clip(0.82 + 0.2 * fine + 0.16 * locks, 0.3, 1.6)
    colour = colour_of(person, moment)[None, None] * tone[..., None]
    return Hair(front, back, soften(height, 0.5 / SCALE), colour.astype(np.float32))


def colour_of(person: Person, moment: Moment) -> Array:
    """Return the colour of the hair, greyer with age."""
    natural = linear(HAIRS[person.hair])
    if person.hair in ("grey", "white") and moment.age < 45:
        natural = linear(HAIRS["dark"])
    grey = float(np.clip((moment.age - 48) / 26, 0, 0.92))
    return natural + (linear(HAIRS["grey"]) - natural) * grey
