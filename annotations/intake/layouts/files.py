"""Reads files beside a manifest or in key folders, only inside their root."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from annotations.intake.cells import Refusal, keys
from annotations.intake.rows import Block, Blocks, CandidateRow, refuse

# A file above the decoder's limit is stored as unreadable. Above this, it is refused.
FILE_MAX_BYTES = 64 * 1024**2
BLOCK_BYTES = 4 * 1024**2
BLOCK_ROWS = 200
CLUTTER = {"thumbs.db", "desktop.ini", "__macosx"}
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Folder:
    """A root folder. Paths and symlinks out of it are refused."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, path: str) -> bytes:
        """Return the bytes of a regular file under the root; else Refusal."""
        if "\0" in path or "\\" in path:
            raise Refusal("The path contains a backslash or NUL.")
        try:
            target = (self._root / path).resolve(strict=True)
            if not target.is_relative_to(self._root):
                raise Refusal("The path leaves its folder.")
            return _read(target)
        except (OSError, RuntimeError) as error:
            raise Refusal("There is no such file, or it cannot be read.") from error


def no_folder(path: str) -> bytes:
    """Refuse every path: uploads and standard input have no folder."""
    raise Refusal(
        "The folder of the pictures is missing. Upload an archive, or use manage.py"
        " import_candidates."
    )


def _read(path: Path) -> bytes:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Refusal("The path is not a regular file.")
    with os.fdopen(os.open(path, os.O_RDONLY | NO_FOLLOW), "rb") as file:
        data = file.read(FILE_MAX_BYTES + 1)
    if len(data) > FILE_MAX_BYTES:
        raise Refusal(f"The file is larger than {FILE_MAX_BYTES // 1024**2} MiB.")
    return data


def is_clutter(name: str) -> bool:
    """Return whether a name is a hidden or system file, which is never imported."""
    return name.startswith(".") or name.lower() in CLUTTER


def key_folders(root: Path, skip: int) -> Blocks:
    """Yield rows of `root/<entity key>/<file>`; the rank is the file's position, from 0."""
    notes: list[str] = []
    folder, keys_by_cell = Folder(root), keys(notes)
    block = Block(skip)
    for number, (path, rank) in enumerate(_entries(root), start=1):
        if number <= skip:
            continue
        try:
            if rank is None:
                raise Refusal("The path is not <entity key>/<file>.")
            key = keys_by_cell[path.split("/")[0]]
            row = candidate_of(number, key, rank, folder.read(path), path)
        except Refusal as refusal:
            block.refused.append(refuse(number, refusal, path))
        else:
            block.rows.append(row)
            block.size += len(row[4] or b"")
        block.last = number
        if block.size >= BLOCK_BYTES or len(block.rows) >= BLOCK_ROWS:
            yield block
            block = Block(number)
    yield block


def _entries(root: Path) -> Iterator[tuple[str, int | None]]:
    """Yield paths below the root with their rank, None for a misplaced file."""
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if is_clutter(entry.name):
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield os.fsdecode(entry.name), None
            continue
        names = sorted(name for name in os.listdir(entry.path) if not is_clutter(name))  # noqa: PTH208
        for rank, name in enumerate(names):
            yield f"{entry.name}/{name}", rank


def candidate_of(
    number: int, key: str, rank: int, data: bytes, path: str
) -> CandidateRow:
    """Return the row of a file without any other information than its path."""
    return number, key, "", f"{number}\t{key}\t\t{rank}\t\t\t\t\t\t\t\t\t", data, path
