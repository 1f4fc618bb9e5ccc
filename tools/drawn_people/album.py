"""The pictures of each entity: true ones, wrong ones as a web search finds them, broken files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tools.drawn_people import broken, shots
from tools.drawn_people.canvas import Generator
from tools.drawn_people.cast import Role, stranger
from tools.drawn_people.photo import Pixels, webp
from tools.drawn_people.roles import NAMESAKES
from tools.drawn_people.shots import Rect

FEW = 6
NOISE = ["stranger", "crowd", "stranger", "composite", "stranger", "cartoon"]
CONFUSED = [
    "namesake",
    "stranger",
    "namesake",
    "cartoon",
    "namesake",
    "composite",
    "crowd",
]


@dataclass(frozen=True)
class Shot:
    """One file, the verdict that is right for it, and its kind."""

    content: bytes
    verdict: str
    kind: str
    rect: Rect | None = None
    suffix: str = "webp"


def albums(roles: Sequence[Role], *, seed: int) -> Iterator[tuple[Role, list[Shot]]]:
    """Yield every role with its pictures in the order of their rank."""
    shared_album = shared_shots(roles, seed=seed)
    for role in roles:
        rng = np.random.default_rng([seed, int(role.key[-2:])])
        album = [shot(role, kind, roles, rng) for kind in plan(role, rng)]
        album += shared_album.get(role.key, [])
        yield role, ranked(album, rng)


def plan(role: Role, rng: Generator) -> list[str]:
    """Return the kind of each picture. About a fifth are wrong ones."""
    if role.pictures <= FEW:
        return ["clear", "single", "aged", "stranger", "single"][: role.pictures]
    bad = round(role.pictures * rng.uniform(0.15, 0.23))
    kinds = CONFUSED if role.key in NAMESAKES else NOISE
    start = int(rng.integers(len(kinds)))
    noise = [kinds[(start + n) % len(kinds)] for n in range(bad)]
    holes = round(role.pictures * 0.034 + rng.uniform(-0.4, 0.4))
    good = role.pictures - bad - holes - 1
    true = [
        "aged" if n % 6 == 2 else "group" if n % 8 == 5 else "single"
        for n in range(good)
    ]
    return ["clear", *true, *noise, *broken_kinds(role, holes)]


def broken_kinds(role: Role, count: int) -> list[str]:
    """Return `count` kinds of broken files in rotation. The role decides the first."""
    start = int(role.key[-2:])
    return [broken.KINDS[(start + n) % len(broken.KINDS)] for n in range(count)]


def shot(role: Role, kind: str, roles: Sequence[Role], rng: Generator) -> Shot:
    """Draw one picture of this kind."""
    if kind in broken.KINDS:
        pixels = shots.single(role.person, rng)
        return Shot(broken.make(kind, pixels, rng), "broken", kind, suffix="jpg")
    if kind == "group":
        return group_shot(role, rng)
    if kind in ("clear", "single", "aged"):
        take = {"clear": shots.clear, "single": shots.single, "aged": shots.aged}[kind]
        return Shot(webp(take(role.person, rng)), "yes", kind)
    return noise_shot(role, kind, roles, rng)


def group_shot(role: Role, rng: Generator) -> Shot:
    """Draw the person among strangers, with the frame of the person's face."""
    people = [role.person, *(stranger(rng) for _ in range(int(rng.integers(1, 3))))]
    order = rng.permutation(len(people))
    pixels, frames = shots.group([people[n] for n in order], rng)
    return Shot(webp(pixels), "yes", "group", frames[int(np.argmin(order))])


def noise_shot(role: Role, kind: str, roles: Sequence[Role], rng: Generator) -> Shot:
    """Draw a picture that a search finds but that does not show the person."""
    namesake = next((r for r in roles if r.key == NAMESAKES.get(role.key)), None)
    rect = None
    pixels: Pixels
    if kind == "namesake" and namesake:
        pixels = shots.single(namesake.person, rng)
    elif kind == "composite":
        pixels = shots.composite(role.person, stranger(rng, role.person), rng)
    elif kind == "cartoon":
        pixels = shots.cartoon(role.person, rng)
    elif kind == "crowd":
        pixels, frames = shots.group([stranger(rng), stranger(rng, role.person)], rng)
        rect = frames[1]
    else:
        kind = "stranger"
        pixels = shots.single(stranger(rng, role.person), rng)
    return Shot(webp(pixels), "no", kind, rect)


def shared_shots(roles: Sequence[Role], *, seed: int) -> dict[str, list[Shot]]:
    """Draw the files that two entities share: one right for both, one right for one."""
    if len(roles) < FEW:
        return {}
    rng = np.random.default_rng([seed, 0])
    first, second, third = roles[1], roles[3], roles[7]
    pixels, frames = shots.group([third.person, second.person], rng)
    group = webp(pixels)
    portrait = webp(shots.single(first.person, rng))
    return {
        third.key: [Shot(group, "yes", "group", frames[0])],
        second.key: [Shot(group, "yes", "group", frames[1])],
        first.key: [Shot(portrait, "yes", "single")],
        roles[0].key: [Shot(portrait, "no", "namesake")],
    }


def ranked(album: Sequence[Shot], rng: Generator) -> list[Shot]:
    """Sort pictures as a search engine would: mostly right ones first."""
    lift = {"clear": -0.4, "yes": 0.0, "no": 0.35, "broken": 0.2}
    score = [lift.get(s.kind, lift[s.verdict]) + rng.random() for s in album]
    return [album[n] for n in np.argsort(score, kind="stable")]
