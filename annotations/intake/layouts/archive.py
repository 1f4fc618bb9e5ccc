"""Zip and tar: a manifest or key folders within, and nothing that leaves its place.

Members are never unpacked to disk: their bytes are read by name, bounded in size.
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
from annotations.intake.rows import Block, Blocks, refused

from .files import BLOCK_BYTES, BLOCK_ROWS, FILE_MAX_BYTES, candidate_of, is_clutter

MEMBERS_MAX = 1_000_000
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
# Pictures hardly shrink; what shrinks more than this was made to hurt.
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
    """One file of an archive: its name there, and why it is refused, if it is."""

    name: str
    problem: str
    handle: Any


class Archive:
    """The files of an archive by name. `fetch` opens one for reading."""

    def __init__(self, members: list[Member], fetch: Callable[[Any], Any]) -> None:
        self.members = sorted(members, key=lambda each: each.name)
        self._by_name = {_plain(each.name): each for each in self.members}
        self._fetch = fetch

    def manifest(self) -> str | None:
        """The name of its manifest: manifest.tsv, else the only .tsv, topmost first."""
        lists = [name for name in self._by_name if name.lower().endswith(".tsv")]
        named = [name for name in lists if posixpath.basename(name) == "manifest.tsv"]
        if named:
            return min(named, key=lambda name: (name.count("/"), name))
        return lists[0] if len(lists) == 1 and lists[0].count("/") <= 1 else None

    def open(self, name: str) -> Any:
        """The stream of a member; Refusal where there is none or it is unsafe."""
        member = self._by_name.get(name)
        if member is None:
            raise Refusal("The archive holds no such file.")
        if member.problem:
            raise Refusal(member.problem)
        try:
            return self._fetch(member.handle)
        except DAMAGED as error:
            raise Refusal("The file cannot be read from the archive.") from error

    def read(self, name: str) -> bytes:
        """The bytes of a member, as far as they are not too many."""
        with self.open(name) as file:
            try:
                data = file.read(FILE_MAX_BYTES + 1)
            except DAMAGED as error:
                raise Refusal("The file is damaged in the archive.") from error
        if len(data) > FILE_MAX_BYTES:
            raise Refusal(f"The file is larger than {FILE_MAX_BYTES // 1024**2} MiB.")
        return data

    def reader_beside(self, manifest: str) -> Callable[[str], bytes]:
        """Reads paths relative to the manifest's folder, which they may not leave."""
        folder = posixpath.dirname(manifest)

        def read(path: str) -> bytes:
            if problem := _unsafe(path):
                raise Refusal(problem)
            return self.read(posixpath.normpath(posixpath.join(folder, path)))

        return read


def key_folders(archive: Archive, skip: int) -> Blocks:
    """`<entity key>/<file>`, perhaps in one folder; rank is the order of the names."""
    files = [
        each for each in archive.members if each.problem or not _is_hidden(each.name)
    ]
    around = _folder_around(files)
    ranks: Counter[str] = Counter()
    known, block = keys(), Block(skip)
    for number, member in enumerate(files, start=1):
        folder = posixpath.dirname(_plain(member.name))
        rank = ranks[folder]
        ranks[folder] += 1
        if number <= skip:
            continue
        try:
            key = known[_key_folder(member, around)]
            data = archive.read(_plain(member.name))
        except Refusal as refusal:
            block.refused.append(refused(number, refusal, member.name))
        else:
            block.rows.append(candidate_of(number, key, rank, data, member.name))
            block.size += len(data)
        block.last = number
        if block.size >= BLOCK_BYTES or len(block.rows) >= BLOCK_ROWS:
            yield block
            block = Block(number)
    yield block


def _key_folder(member: Member, around: str) -> str:
    if member.problem:
        raise Refusal(member.problem)
    folder = posixpath.dirname(_plain(member.name))
    parent, key = posixpath.split(folder)
    if not key or parent != around:
        raise Refusal("A file lies in <entity key>/<file>; this does not.")
    return key


def _folder_around(files: Sequence[Member]) -> str:
    """Where the key folders lie: at the top or in one folder that holds them all.

    What lies within a key folder does not count, nor does a text beside them.
    """
    names = [_plain(each.name) for each in files if not each.problem]
    pictures = [name for name in names if name.lower().endswith(PICTURES)] or names
    folders = {posixpath.dirname(name) for name in pictures} - {""}
    parents = {posixpath.dirname(folder) for folder in folders}
    return posixpath.commonpath(parents) if parents else ""


def _is_hidden(name: str) -> bool:
    return any(is_clutter(part) for part in name.split("/") if part not in (".", ".."))


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _unsafe(name: str) -> str:
    """Why a name must not be used; empty where it may."""
    if not name:
        return "The path is empty."
    if "\0" in name or "\\" in name:
        return "The path holds a backslash or NUL."
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        return "The path leaves its folder."
    return ""


def from_zip(file: IO[bytes]) -> Archive:
    """A zip's files; UnreadableFile where it is damaged or was made to hurt."""
    try:
        # Not closed: it reads through a file that its opener closes.
        opened = zipfile.ZipFile(file)
        infos = [each for each in opened.infolist() if each.filename[-1:] != "/"]
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
    """A tar's files; its headers are read once, which takes a seekable file."""
    try:
        opened = tarfile.TarFile(fileobj=_Bounded(file))  # type: ignore[arg-type]
        members = [
            Member(each.name, _tar_problem(each), (each.offset_data, each.size))
            for each in _files_of(opened)
        ]
    except DAMAGED as error:
        raise UnreadableFile("The tar archive is damaged.") from error
    return Archive(members, lambda place: _Part(file, *place))


def _files_of(opened: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for count, member in enumerate(opened, start=1):
        _check_count(count)
        # tarfile keeps every member; a million of them would be a gigabyte.
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
            f"The archive holds more than {MEMBERS_MAX} files; split it, or import the"
            " folder."
        )


class _Bounded:
    """Refuses the reads of gigabytes that a hostile tar header asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= RATIO_FROM_BYTES:
            raise OSError("A header of this archive asks for too much.")
        return self._file.read(size)


class _Part:
    """A member's bytes within a tar that is not compressed."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        self._file, self._next, self._end = file, offset, offset + size

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._next
        self._file.seek(self._next)
        data = self._file.read(left if size < 0 else min(size, left))
        self._next += len(data)
        if len(data) < min(size, left):
            raise EOFError("The archive ends early.")
        return data

    def __enter__(self) -> "_Part":
        return self

    def __exit__(self, *_: object) -> None:
        pass
