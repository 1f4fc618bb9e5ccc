"""The person to draw (Person) and their appearance in one picture (Moment)."""

from dataclasses import dataclass, field, fields, replace

from tools.drawn_people.canvas import Generator

SKINS = {
    "pale": (240, 205, 184),
    "fair": (230, 186, 158),
    "olive": (208, 160, 124),
    "tan": (190, 138, 100),
    "brown": (150, 100, 70),
    "dark": (114, 75, 56),
}
IRISES = {
    "brown": (92, 56, 30),
    "black": (52, 32, 22),
    "blue": (88, 128, 168),
    "green": (98, 120, 72),
    "grey": (120, 132, 138),
    "hazel": (124, 92, 46),
}
HAIRS = {
    "black": (30, 25, 24),
    "dark": (56, 38, 28),
    "brown": (94, 62, 40),
    "auburn": (124, 58, 32),
    "red": (150, 76, 44),
    "blond": (196, 156, 98),
    "grey": (158, 156, 154),
    "white": (214, 212, 208),
}


@dataclass(frozen=True)
class Traits:
    """The measures of a face. 0 is average, 1 and -1 are extreme."""

    length: float = 0
    cheek: float = 0
    jaw: float = 0
    chin: float = 0
    cheekbone: float = 0
    brow_ridge: float = 0
    eye_gap: float = 0
    eye_height: float = 0
    eye_size: float = 0
    eye_open: float = 0
    eye_tilt: float = 0
    lid: float = 0
    brow_height: float = 0
    brow_weight: float = 0
    brow_arch: float = 0
    nose_length: float = 0
    nose_width: float = 0
    nose_bridge: float = 0
    nose_tip: float = 0
    mouth_height: float = 0
    mouth_width: float = 0
    lip_upper: float = 0
    lip_lower: float = 0
    ear: float = 0

    @classmethod
    def drawn_by(cls, rng: Generator) -> "Traits":
        """Return traits from a uniform distribution, so that few faces are average."""
        return cls(**{trait.name: float(rng.uniform(-1, 1)) for trait in fields(cls)})


@dataclass(frozen=True)
class Person:
    """The properties that are the same in every picture of a person."""

    seed: int
    traits: Traits
    male: bool
    age: int
    skin: str = "fair"
    iris: str = "brown"
    hair: str = "dark"
    styles: tuple[str, ...] = ("short",)
    beard: float = 0
    glasses: str = ""
    freckles: float = 0
    mole: tuple[float, float] | None = None


@dataclass(frozen=True)
class Light:
    """The direction, hardness and warmth of the light."""

    x: float = -0.35
    y: float = -0.5
    hardness: float = 0.5
    warmth: float = 0


@dataclass(frozen=True)
class Moment:
    """The properties that change from picture to picture. Angles are in degrees."""

    age: int
    style: str
    yaw: float = 0
    pitch: float = 0
    roll: float = 0
    smile: float = 0.3
    opened: float = 0
    gaze: float = 0
    lids: float = 0
    beard: float = 0
    glasses: str = ""
    wear: str = "shirt"
    wear_hue: float = 0.6
    scene: str = "studio"
    seed: int = 0
    light: Light = field(default_factory=Light)


def plain_moment(person: Person) -> Moment:
    """Return the moment of a passport picture: frontal, evenly lit, usual style."""
    return Moment(
        age=person.age,
        style=person.styles[0],
        beard=person.beard,
        glasses=person.glasses,
        smile=0.55,
        opened=0.1,
        seed=person.seed,
        wear_hue=(person.seed * 0.37) % 1,
    )


def some_moment(person: Person, rng: Generator, spread: float = 1) -> Moment:
    """Return a random moment. `spread` scales the variation of pose and light."""
    glasses = some_glasses(person, rng)
    beard = max(0.0, person.beard * float(rng.uniform(0.4, 1.2)))
    beard = 0 if rng.random() < 0.2 else beard
    if person.male and not person.beard and rng.random() < 0.2:
        beard = float(rng.uniform(0.15, 0.35))
    smiling = float(rng.beta(1.2, 1.4))
    return replace(
        plain_moment(person),
        style=str(rng.choice(person.styles))
        if rng.random() < 0.5
        else person.styles[0],
        yaw=float(rng.normal(0, 13) * spread),
        pitch=float(rng.normal(0, 6) * spread),
        roll=float(rng.normal(0, 6) * spread),
        smile=smiling,
        opened=float(max(0, smiling - 0.35) * rng.uniform(0, 1.5)),
        gaze=float(rng.normal(0, 0.5)),
        lids=float(rng.normal(0, 0.4)),
        beard=beard,
        glasses=glasses,
        wear=str(rng.choice(["shirt", "jacket", "round", "turtle", "vneck"])),
        wear_hue=float(rng.random()),
        scene=str(rng.choice(["studio", "garden", "street", "stage", "room", "sky"])),
        seed=int(rng.integers(1 << 30)),
        light=some_light(rng, spread),
    )


def some_glasses(person: Person, rng: Generator) -> str:
    """Return mostly the person's own glasses, sometimes none or other ones."""
    glasses = person.glasses if rng.random() < 0.8 else ""
    if not person.glasses and rng.random() < 0.14:
        glasses = str(rng.choice(["round", "square", "dark"]))
    return glasses


def some_light(rng: Generator, spread: float) -> Light:
    """Return a random light, mostly from above, from either side."""
    return Light(
        x=float(rng.normal(0, 0.55) * spread),
        y=float(-0.45 + rng.normal(0, 0.25) * spread),
        hardness=float(rng.uniform(0.3, 0.8)),
        warmth=float(rng.normal(0, 0.5) * spread),
    )
