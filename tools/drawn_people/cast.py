"""Roles (entities of the demo) and the people, known or random, who play them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from tools.drawn_people.canvas import Generator
from tools.drawn_people.person import IRISES, SKINS, Person, Traits

MEN = ["short", "side", "quiff", "back", "mess", "curls", "buzz", "ring", "bald"]
WOMEN = ["bob", "fringe", "long", "wavy", "curly", "tied", "bun", "short", "afro"]
HAIRS_OF = {
    "pale": ["brown", "blond", "red", "auburn", "dark"],
    "fair": ["black", "dark", "brown", "blond", "auburn"],
    "olive": ["black", "dark", "brown"],
    "tan": ["black", "dark", "brown"],
    "brown": ["black", "dark"],
    "dark": ["black"],
}


@dataclass(frozen=True)
class Role:
    """An entity of the demo: its row in the entity list and the person to draw."""

    key: str
    name: str
    description: str
    frequency: int
    born: date
    professions: tuple[str, ...]
    countries: tuple[str, ...]
    elsewhere: str
    person: Person
    pictures: int = 22

    @property
    def gender(self) -> str:
        """Return the gender as the entity list writes it."""
        return "male" if self.person.male else "female"


def person(
    seed: int, *, male: bool, age: int, look: str, styles: str, **more: object
) -> Person:
    """Return a person. `look` is the skin, iris and hair, separated by spaces."""
    skin, iris, hair = look.split()
    traits = Traits.drawn_by(np.random.default_rng(seed))
    details: dict[str, Any] = dict(more)
    return Person(
        seed=seed,
        traits=traits,
        male=male,
        age=age,
        skin=skin,
        iris=iris,
        hair=hair,
        styles=tuple(styles.split()),
        **details,
    )


def stranger(rng: Generator, like: Person | None = None) -> Person:
    """Return a random person, with the sex and often the skin of `like`."""
    male = like.male if like else bool(rng.random() < 0.5)
    styles = MEN if male else WOMEN
    skin = like.skin if like and rng.random() < 0.5 else str(rng.choice(list(SKINS)))
    seed = int(rng.integers(1 << 30))
    return Person(
        seed=seed,
        traits=Traits.drawn_by(np.random.default_rng(seed)),
        male=male,
        age=int(rng.integers(22, 70)),
        skin=skin,
        iris=str(rng.choice(list(IRISES))),
        hair=str(rng.choice(HAIRS_OF[skin])),
        styles=(str(rng.choice(styles)),),
        beard=float(rng.uniform(0.4, 1)) if male and rng.random() < 0.35 else 0,
        glasses=str(rng.choice(["round", "square", "wire"]))
        if rng.random() < 0.2
        else "",
    )
