"""Zip and tar archives with a manifest or key folders.

Members are never unpacked to disk. Their bytes are read by name, up to a limit.
"""

import lzma
import posixpath
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, NamedTuple

from annotations.errors import UnreadableFile
from annotations.intake.cells import Refusal, keys
from annotations.intake.rows import Block, Blocks, refuse

from .files import BLOCK_BYTES, BLOCK_ROWS, FILE_MAX_BYTES, candidate_of, is_clutter

MEMBERS_MAX = 1_000_000
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
# Pictures hardly compress. A higher ratio is a sign of an attack.
RATIO_MAX = 200
RATIO_FROM_BYTES = 1024**2
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,  # encrypted
    ValueError,
)


class Member(NamedTuple):
    """One file of an archive: its name, and why it is refused, empty if it is not."""

    name: str
    problem: str
    handle: Any


class Archive:
    """The files of an archive by name. `fetch` opens a member's handle for reading."""

    def __init__(self, members: list[Member], fetch: Callable[[Any], Any]) -> None:
        self.members = sorted(members, key=lambda member: member.name)
        self._by_name = {_plain(member.name): member for member in self.members}
        self._fetch = fetch

    def manifest(self) -> str | None:
        """Return the name of the topmost manifest.tsv, else of the only .tsv, else None."""
        lists = [name for name in self._by_name if name.lower().endswith(".tsv")]
        manifests = [n for n in lists if posixpath.basename(n) == "manifest.tsv"]
        if manifests:
            return min(manifests, key=lambda name: (name.count("/"), name))
        return lists[0] if len(lists) == 1 and lists[0].count("/") <= 1 else None

    def open(self, name: str) -> Any:
        """Return the stream of a member; Refusal if there is none or it is unsafe."""
        member = self._by_name.get(name)
        if member is None:
            raise Refusal("The archive does not contain this file.")
        if member.problem:
            raise Refusal(member.problem)
        try:
            return self._fetch(member.handle)
        except DAMAGED as error:
            raise Refusal("The file cannot be read from the archive.") from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a member; Refusal if it is damaged or too large."""
        with self.open(name) as file:
            try:
                data: bytes = file.read(FILE_MAX_BYTES + 1)
            except DAMAGED as error:
                raise Refusal("The file is damaged in the archive.") from error
        if len(data) > FILE_MAX_BYTES:
            raise Refusal(f"The file is larger than {FILE_MAX_BYTES // 1024**2} MiB.")
        return data

    def reader_beside(self, manifest: str) -> Callable[[str], bytes]:
        """Return a reader of paths relative to the manifest's folder and inside it."""
        folder = posixpath.dirname(manifest)

        def read(path: str) -> bytes:
            if problem := _unsafe(path):
                raise Refusal(problem)
            return self.read(posixpath.normpath(posixpath.join(folder, path)))

        return read


def key_folders(archive: Archive, skip: int) -> Blocks:
    """Yield rows of `<entity key>/<file>`, at the top or in one folder.

    The rank is the position in the order of names, from 0.
    """
    files = [m for m in archive.members if m.problem or not _is_hidden(m.name)]
    root = _root(files)
    ranks: Counter[str] = Counter()
    notes: list[str] = []
    keys_by_cell, block = keys(notes), Block(skip)
    for number, member in enumerate(files, start=1):
        folder = posixpath.dirname(_plain(member.name))
        rank = ranks[folder]
        ranks[folder] += 1
        if number <= skip:
            continue
        try:
            key = keys_by_cell[_key_folder(member, root)]
            data = archive.read(_plain(member.name))
        except Refusal as refusal:
            block.refused.append(refuse(number, refusal, member.name))
        else:
            block.rows.append(candidate_of(number, key, rank, data, member.name))
            block.size += len(data)
        block.last = number
        if block.size >= BLOCK_BYTES or len(block.rows) >= BLOCK_ROWS:
            yield block
            block = Block(number)
    yield block


def _key_folder(member: Member, root: str) -> str:
    if member.problem:
        raise Refusal(member.problem)
    folder = posixpath.dirname(_plain(member.name))
    parent, key = posixpath.split(folder)
    if not key or parent != root:
        raise Refusal("The path is not <entity key>/<file>.")
    return key


def _root(files: Sequence[Member]) -> str:
    """Return the folder that contains the key folders, empty for the top.

    Subfolders of key folders do not count, nor do other files beside them.
    """
    names = [_plain(member.name) for member in files if not member.problem]
    pictures = [name for name in names if name.lower().endswith(PICTURES)] or names
    folders = {posixpath.dirname(name) for name in pictures} - {""}
    parents = {posixpath.dirname(folder) for folder in folders}
    return posixpath.commonpath(parents) if parents else ""


def _is_hidden(name: str) -> bool:
    return any(is_clutter(part) for part in name.split("/") if part not in (".", ".."))


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _unsafe(name: str) -> str:
    """Return why a name is unsafe, empty if it is safe."""
    if not name:
        return "The path is empty."
    if "\0" in name or "\\" in name:
        return "The path contains a backslash or NUL."
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        return "The path leaves its folder."
    return ""


def from_zip(file: IO[bytes]) -> Archive:
    """Return a zip's files; UnreadableFile if it is damaged or an attack."""
    try:
        # Not closed here: the caller closes the underlying file.
        opened = zipfile.ZipFile(file)
        infos = [info for info in opened.infolist() if info.filename[-1:] != "/"]
    except DAMAGED as error:
        raise UnreadableFile("The zip archive is damaged.") from error
    size = file.seek(0, 2)
    if sum(info.file_size for info in infos) > max(1024**3, RATIO_MAX * size):
        raise UnreadableFile("The zip archive unpacks to more than 200 times its size.")
    _check_count(len(infos))
    members = [Member(info.filename, _zip_problem(info), info) for info in infos]
    return Archive(members, opened.open)


def _zip_problem(info: zipfile.ZipInfo) -> str:
    if problem := _unsafe(info.orig_filename):
        return problem
    kind = info.external_attr >> 28
    if kind not in (0, 8):
        return "The file is a link or a device."
    if info.flag_bits & 1:
        return "The file is encrypted."
    if info.file_size > max(RATIO_FROM_BYTES, RATIO_MAX * info.compress_size):
        return f"The file unpacks to more than {RATIO_MAX} times its size."
    return ""


def from_tar(file: IO[bytes]) -> Archive:
    """Return a tar's files. Reads its headers once, so `file` must be seekable."""
    try:
        opened = tarfile.TarFile(fileobj=_Bounded(file))  # type: ignore[arg-type]
        members = [
            Member(info.name, _tar_problem(info), (info.offset_data, info.size))
            for info in _files_of(opened)
        ]
    except DAMAGED as error:
        raise UnreadableFile("The tar archive is damaged.") from error
    return Archive(members, lambda place: _Part(file, *place))


def _files_of(opened: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for count, member in enumerate(opened, start=1):
        _check_count(count)
        # tarfile keeps every member in memory: a gigabyte for a million of them.
        opened.members.clear()  # type: ignore[attr-defined]
        if not member.isdir():
            yield member


def _tar_problem(member: tarfile.TarInfo) -> str:
    if not member.isreg() or member.issparse():
        return "The file is a link or a device."
    return _unsafe(member.name)


def _check_count(count: int) -> None:
    if count > MEMBERS_MAX:
        raise UnreadableFile(
            f"The archive contains more than {MEMBERS_MAX} files. Split it, or import the"
            " folder."
        )


class _Bounded:
    """A file that refuses reads of gigabytes, which a hostile tar header can request."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= RATIO_FROM_BYTES:
            raise OSError("A header of this archive is too large.")
        return self._file.read(size)


class _Part:
    """A member's bytes in an uncompressed tar."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        self._file, self._next, self._end = file, offset, offset + size

    def read(self, size: int = -1) -> bytes:
        available = self._end - self._next
        self._file.seek(self._next)
        data = self._file.read(available if size < 0 else min(size, available))
        self._next += len(data)
        if len(data) < min(size, available):
            raise EOFError("The archive ends early.")
        return data

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, *_: object) -> None:
        pass
