"""Draw the pictures and lists of the demo: `python -m tools.drawn_people [OUT]`.

The same seed gives the same bytes for one version of numpy, OpenCV and Pillow.
"""

import argparse
import csv
import hashlib
import logging
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from labeler.demo import FOLDER
from tools.drawn_people.album import Shot, albums
from tools.drawn_people.canvas import Generator
from tools.drawn_people.cast import Role
from tools.drawn_people.roles import ROLES

ENTITY_HEADER = [
    "key",
    "name",
    "description",
    "frequency",
    "gender",
    "birth_date",
    "professions",
    "countries",
    "representative",
    "url",
]
MANIFEST_HEADER = [
    "key",
    "path",
    "rank",
    "face_id",
    "face_rect",
    "page_url",
    "query",
    "licence",
    "attribution",
    "retrieved_at",
    "sha256",
]
TRUTH_HEADER = ["path", "key", "verdict", "kind"]
SITES = ("news", "gallery", "encyclopedia", "blog", "festival", "archive")

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python -m tools.drawn_people /tmp/demo"
    )
    parser.add_argument(
        "out",
        type=Path,
        nargs="?",
        default=FOLDER,
        help="folder for the files, created if it is missing (default: the demo itself)",
    )
    parser.add_argument(
        "--seed", type=int, default=2016, help="another seed gives other pictures"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # More threads would be no faster for pictures of this size.
    cv2.setNumThreads(1)
    draw(options.out, seed=options.seed)
    return 0


def draw(out: Path, *, seed: int, roles: Sequence[Role] = ROLES) -> None:
    """Draw every album and write the entity list, the manifest and the truth."""
    tables: dict[str, list[list[str]]] = {"entities": [], "manifest": [], "truth": []}
    for role, shots in albums(roles, seed=seed):
        rng = np.random.default_rng([seed, int(role.key[-2:]), 7])
        digests = [hashlib.sha256(shot.content).hexdigest() for shot in shots]
        for rank, shot in enumerate(shots):
            path = Path("pictures") / role.key / f"{rank:03d}.{shot.suffix}"
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (out / path).write_bytes(shot.content)
            row = manifest_row(role, shot, rank, digests[rank], rng)
            tables["manifest"].append([role.key, path.as_posix(), *row])
            tables["truth"].append([path.as_posix(), role.key, shot.verdict, shot.kind])
        reference = next(n for n, shot in enumerate(shots) if shot.kind == "clear")
        tables["entities"].append(entity_row(role, digests[reference]))
        logger.info("%s %s: %d pictures", role.key, role.name, len(shots))
    write(out / "entities.tsv", ENTITY_HEADER, tables["entities"])
    write(out / "manifest.tsv", MANIFEST_HEADER, tables["manifest"])
    write(out / "truth.tsv", TRUTH_HEADER, tables["truth"])


def entity_row(role: Role, representative: str) -> list[str]:
    """Return the row of one entity."""
    return [
        role.key,
        role.name,
        role.description,
        str(role.frequency),
        role.gender,
        role.born.isoformat(),
        "|".join(role.professions),
        "|".join(role.countries),
        representative,
        f"https://example.org/people/{role.key}",
    ]


def manifest_row(
    role: Role, shot: Shot, rank: int, digest: str, rng: Generator
) -> list[str]:
    """Return the manifest's cells of one picture, after key and path."""
    queries = (role.name, f"{role.name} {role.professions[0]}", role.elsewhere)
    site = SITES[int(rng.integers(len(SITES)))]
    retrieved_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(
        minutes=int(rng.integers(60 * 24 * 30))
    )
    return [
        str(rank),
        "FaceId-0",
        ",".join(f"{edge:.4f}" for edge in shot.rect) if shot.rect else "",
        f"https://example.org/{site}/{role.key}/{int(rng.integers(1000, 10000))}",
        queries[int(rng.choice(3, p=[0.5, 0.3, 0.2]))],
        "CC0-1.0",
        "drawn by labeler.demo",
        retrieved_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        digest,
    ]


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table in the importer's format: TAB, LF, no quoting."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(
            target,
            delimiter="\t",
            lineterminator="\n",
            quoting=csv.QUOTE_NONE,
            quotechar=None,
        )
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
