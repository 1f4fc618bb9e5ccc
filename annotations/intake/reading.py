"""Reads blocks of rows from a source, by its layout."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from annotations.errors import Erased, Invalid, UnreadableFile

from . import detection
from .cells import Refusal
from .layouts import archive, files
from .layouts.lists import Entities, Names
from .layouts.manifest import Manifest, ReadFile
from .layouts.released import Released
from .lines import BadLine, Lines
from .rows import Block, Blocks, refuse
from .sources import GuardedStream, SkipLimit, Source

HEADED = ("entities", "manifest")
# Rows up to this many characters are kept whole for refused.tsv, which saves a copy.
SHORT = 2000
BLOCK_BYTES = 4 * 1024**2


class Layout(Protocol):
    """Parses a row from a line's cells, or raises Refusal or Erased."""

    columns: int

    def parse(self, number: int, cells: list[str], text: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a source: in which layout (empty: detect it), after which record."""

    layout: str
    allowed: Collection[str]
    file_name: str
    with_images: bool
    position: int
    is_erased: Callable[[str], bool]
    skip_limit: SkipLimit


def read(source: Source, options: Options) -> tuple[str, Blocks]:
    """Return the layout of a source, and its blocks after the position."""
    if source.kind == "lines":
        return _read_lines(source, options)
    layout = "folder" if source.kind == "folder" else "archive"
    _check(layout, options)
    if source.kind == "folder":
        return layout, files.key_folders(source.folder, options.position)  # type: ignore[arg-type]
    opened = (archive.from_zip if source.kind == "zip" else archive.from_tar)(
        source.file
    )
    name = opened.manifest()
    if name is not None:
        lines = Lines(_manifest(opened, name))  # type: ignore[arg-type]
        return layout, _lines(lines, "manifest", options, opened.reader_beside(name))
    if not options.with_images:
        raise UnreadableFile("Key folders contain only pictures. Import with images.")
    return layout, archive.key_folders(opened, options.position)


def _manifest(opened: archive.Archive, name: str) -> GuardedStream:
    try:
        return GuardedStream(opened.open(name))
    except Refusal as refusal:
        raise UnreadableFile(
            f"The archive's manifest cannot be read: {refusal} Create the archive again,"
            " with a manifest that is a regular file without a password."
        ) from refusal


def _read_lines(source: Source, options: Options) -> tuple[str, Blocks]:
    lines = Lines(source.file)
    layout = options.layout or detection.detect(lines.head, options.file_name)
    _check(layout, options)
    if layout in ("archive", "folder"):
        raise UnreadableFile("The file is not a zip or tar archive.")
    read_file = files.no_folder if source.folder is None else None
    return layout, _lines(
        lines,
        layout,
        options,
        read_file or files.Folder(source.folder).read,  # type: ignore[arg-type]
    )


def _check(layout: str, options: Options) -> None:
    if layout not in options.allowed:
        layouts = ", ".join(options.allowed)
        raise Invalid(
            {"layout": [f"The file has the layout {layout}. Expected: {layouts}."]}
        )
    if options.layout and options.layout != layout:
        kind = "a folder" if layout == "folder" else "an archive"
        raise UnreadableFile(
            f'This is {kind}, not a file in the "{options.layout}" layout.'
        )


def _lines(lines: Lines, layout: str, options: Options, read_file: ReadFile) -> Blocks:
    skip = options.position
    parser: Layout
    if layout in HEADED:
        header = _header(lines)
        skip = max(skip, 1)
        if layout == "entities":
            parser = Entities(header)
        else:
            parser = Manifest(header, options.with_images, read_file, options.is_erased)
    elif layout == "names":
        parser = Names()
    else:
        parser = Released(layout, options.with_images)
    return _blocks(lines, parser, skip, options.skip_limit)


def _header(lines: Lines) -> Sequence[str]:
    if not lines.head:
        raise UnreadableFile("The file is empty. It needs a header line.")
    first = lines.head[0]
    if isinstance(first, BadLine):
        raise UnreadableFile(f"The header line cannot be read: {first.reason}")
    return first.split("\t")


def _blocks(lines: Lines, parser: Layout, skip: int, skip_limit: SkipLimit) -> Blocks:
    """Yield blocks of rows. This is the hot loop: imports have millions of rows."""
    parse, columns = parser.parse, parser.columns
    brings_files = isinstance(parser, Manifest)
    for first, batch in lines.blocks(skip, skip_limit.check):
        block = Block(first - 1)
        for number, line in enumerate(batch, first):
            try:
                if isinstance(line, BadLine):
                    raise Refusal(line.reason)
                cells = line.split("\t")
                if len(cells) != columns:
                    raise Refusal(f"The row has {len(cells)} columns, not {columns}.")
                row = parse(number, cells, line if len(line) < SHORT else line[:200])
                block.rows.append(row)
            except (Refusal, Erased) as refusal:
                text = line.text if isinstance(line, BadLine) else line
                block.refused.append(refuse(number, refusal, text))
                continue
            block.size += len(line)
            if brings_files and row[4] is not None:
                block.size += len(row[4])
            if block.size > BLOCK_BYTES:
                block.last = number
                yield block
                block = Block(number)
        block.last = first + len(batch) - 1
        yield block
