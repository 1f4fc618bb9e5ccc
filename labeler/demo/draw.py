"""Draw the whole demo: `python -m labeler.demo.draw OUT`.

The same seed gives the same bytes (for one version of numpy, OpenCV and Pillow).
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

from labeler.demo.album import Shot, albums
from labeler.demo.canvas import Generator
from labeler.demo.cast import Role
from labeler.demo.roles import ROLES

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
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python -m labeler.demo.draw labeler/demo"
    )
    parser.add_argument("out", type=Path, help="folder to write to; made when missing")
    parser.add_argument(
        "--seed", type=int, default=2016, help="another seed, other pictures"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # More threads would not change a byte, only the order of the work.
    cv2.setNumThreads(1)
    draw(options.out, seed=options.seed)
    return 0


def draw(out: Path, *, seed: int, roles: Sequence[Role] = ROLES) -> None:
    """Draw every album and write the three lists."""
    lists: dict[str, list[list[str]]] = {"entities": [], "manifest": [], "truth": []}
    for role, shots in albums(roles, seed=seed):
        rng = np.random.default_rng([seed, int(role.key[-2:]), 7])
        digests = [hashlib.sha256(shot.content).hexdigest() for shot in shots]
        for rank, shot in enumerate(shots):
            path = Path("pictures") / role.key / f"{rank:03d}.{shot.suffix}"
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (out / path).write_bytes(shot.content)
            row = manifest_row(role, shot, rank, digests[rank], rng)
            lists["manifest"].append([role.key, path.as_posix(), *row])
            lists["truth"].append([path.as_posix(), role.key, shot.verdict, shot.kind])
        shown = next(n for n, shot in enumerate(shots) if shot.kind == "clear")
        lists["entities"].append(entity_row(role, digests[shown]))
        logger.info("%s %s: %d pictures", role.key, role.name, len(shots))
    write(out / "entities.tsv", ENTITY_HEADER, lists["entities"])
    write(out / "manifest.tsv", MANIFEST_HEADER, lists["manifest"])
    write(out / "truth.tsv", TRUTH_HEADER, lists["truth"])


def entity_row(role: Role, representative: str) -> list[str]:
    """Give the line of one entity."""
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
    """Give what the manifest says of one picture, after key and path."""
    queries = (role.name, f"{role.name} {role.professions[0]}", role.elsewhere)
    site = SITES[int(rng.integers(len(SITES)))]
    seen = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(
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
        seen.strftime("%Y-%m-%dT%H:%M:%SZ"),
        digest,
    ]


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a list as the importer reads it: TAB, LF, no quoting."""
    with path.open("w", encoding="utf-8", newline="") as target:
        lines = csv.writer(
            target,
            delimiter="\t",
            lineterminator="\n",
            quoting=csv.QUOTE_NONE,
            quotechar=None,
        )
        lines.writerow(header)
        lines.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
