"""The kinds of pictures that a search finds. Each returns pixels, and frames of faces if any."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from tools.drawn_people import photo, portrait, scene
from tools.drawn_people.canvas import Array, Generator
from tools.drawn_people.person import Light, Moment, Person, plain_moment, some_moment
from tools.drawn_people.photo import Frame, Pixels

Rect = tuple[float, float, float, float]


def clear(person: Person, rng: Generator) -> Pixels:
    """Return the reference picture of a person: frontal, sharp, evenly lit."""
    light = Light(x=-0.3, y=-0.45, hardness=0.45)
    layer = portrait.draw(person, replace(plain_moment(person), light=light))
    frame = Frame(units=4.0, y=0.12)
    ground = scene.studio(rng, frame.wide, frame.high)
    return photo.develop(photo.take(layer, ground, frame), rng, plain=True)


def single(person: Person, rng: Generator, moment: Moment | None = None) -> Pixels:
    """Return one person in a random place, pose and light."""
    moment = moment or some_moment(person, rng)
    frame = Frame.drawn_by(rng)
    ground = scene.SCENES[moment.scene](rng, frame.wide, frame.high)
    return photo.develop(photo.take(portrait.draw(person, moment), ground, frame), rng)


def aged(person: Person, rng: Generator) -> Pixels:
    """Return the same person many years younger or older."""
    is_younger = person.age > 45 or (person.age > 34 and rng.random() < 0.5)
    years = int(rng.integers(14, 26))
    age = max(19, person.age - years) if is_younger else person.age + years
    beard = 0.0 if is_younger else person.beard
    moment = replace(some_moment(person, rng, spread=0.7), age=age, beard=beard)
    if is_younger and moment.style in ("ring", "bald"):
        moment = replace(moment, style="short")
    pixels = single(person, rng, moment)
    return photo.grey(pixels) if is_younger and rng.random() < 0.5 else pixels


def group(people: Sequence[Person], rng: Generator) -> tuple[Pixels, list[Rect]]:
    """Return two or three people side by side, and the frame around each face."""
    wide, high = 320, 220
    moments = [some_moment(person, rng, spread=0.55) for person in people]
    ground = scene.SCENES[moments[0].scene](rng, wide, high)
    light = moments[0].light
    frames = []
    step = wide / len(people)
    for position, (person, moment) in enumerate(zip(people, moments, strict=True)):
        scale = (
            float(rng.uniform(39, 44))
            if len(people) > 2
            else float(rng.uniform(46, 53))
        )
        x = step * (position + 0.5) + float(rng.uniform(-6, 6))
        y = high * 0.42 + float(rng.uniform(-8, 10))
        photo.place(
            ground, portrait.draw(person, replace(moment, light=light)), scale, x, y
        )
        frames.append(around(x, y, scale, wide, high))
    return photo.develop(ground, rng), frames


def around(x: float, y: float, scale: float, wide: int, high: int) -> Rect:
    """Return the frame around a face with its middle at (x, y), in parts of the picture."""
    return (
        _share((x - 1.2 * scale) / wide),
        _share((y - 1.5 * scale) / high),
        _share((x + 1.2 * scale) / wide),
        _share((y + 1.55 * scale) / high),
    )


def _share(edge: float) -> float:
    return round(min(1.0, max(0.0, edge)), 4)


def cartoon(person: Person, rng: Generator) -> Pixels:
    """Return a drawing of the person, in flat colours and ink or in pencil.

    Its verdict is no, because a drawing is not a photograph.
    """
    pixels = single(
        person, rng, replace(some_moment(person, rng, spread=0.6), scene="studio")
    )
    smooth: Pixels = pixels
    for _ in range(4):
        smooth = cv2.bilateralFilter(smooth, 9, 40, 7)
    tone = cv2.GaussianBlur(cv2.cvtColor(smooth, cv2.COLOR_RGB2GRAY), (0, 0), 0.8)
    ink = cv2.adaptiveThreshold(
        tone, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 9, 3
    )
    if rng.random() < 0.5:
        return pencil(tone)
    vivid = cv2.cvtColor(smooth, cv2.COLOR_RGB2HSV)
    # Only the brightness is quantised: steps in each colour would change the hues.
    vivid[..., 2] = np.minimum(255, vivid[..., 2] // 44 * 44 + 32)
    vivid[..., 1] = np.minimum(255, vivid[..., 1].astype(int) * 3 // 2)
    colours = cv2.cvtColor(vivid, cv2.COLOR_HSV2RGB)
    return np.minimum(colours, cv2.GaussianBlur(ink, (0, 0), 0.6)[..., None])


def pencil(tone: Pixels) -> Pixels:
    """Return a pencil drawing: the tone divided by its own blur, on yellowish paper."""
    soft = cv2.GaussianBlur(tone, (0, 0), 7).astype(np.float32) + 1
    lines = np.clip(tone / soft, 0, 1.02) ** 3
    paper = np.array([246, 240, 226], np.float32)
    return np.clip(lines[..., None] * paper, 0, 255).astype(np.uint8)


def composite(person: Person, other: Person, rng: Generator) -> Pixels:
    """Return a face of two people: two halves, or one face under the other's hair."""
    moment = replace(some_moment(person, rng, spread=0.2), glasses="", yaw=0, roll=0)
    frame = Frame.drawn_by(rng)
    frame = replace(frame, x=0)
    ground = scene.SCENES[moment.scene](rng, frame.wide, frame.high)
    guest = replace(moment, style=other.styles[0], age=other.age, beard=other.beard)
    first = photo.take(portrait.draw(person, moment), ground.copy(), frame)
    second = photo.take(portrait.draw(other, guest), ground, frame)
    share = seam(frame, halves=bool(rng.random() < 0.5))[..., None]
    return photo.develop(first * share + second * (1 - share), rng)


def seam(frame: Frame, *, halves: bool) -> Array:
    """Return the mask of the first person: the left half, or the oval of the face."""
    across, down = np.meshgrid(
        np.arange(frame.wide, dtype=np.float32), np.arange(frame.high, dtype=np.float32)
    )
    x = (across - frame.wide / 2) / frame.scale + frame.x
    y = (down - frame.high / 2) / frame.scale + frame.y
    if halves:
        return np.clip(-x * frame.scale / 2 + 0.5, 0, 1)
    return np.clip((1 - np.hypot(x / 0.74, (y - 0.32) / 0.86)) * 9, 0, 1)
