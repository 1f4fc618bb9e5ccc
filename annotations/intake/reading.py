"""Reads blocks of rows from a source, by its layout."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from annotations.errors import Erased, Invalid, UnreadableFile

from . import detection
from .cells import Refusal
from .layouts import archive, files
from .layouts.lists import Entities, Names
from .layouts.manifest import Manifest, ReadFile
from .layouts.released import Released
from .lines import CONTROLS, BadLine, Line, Lines, UncleanLine
from .rows import Block, Blocks, Note, refuse
from .sources import GuardedStream, SkipLimit, Source
from .tables import Batches, Header, header_of, unquoted

HEADED = ("entities", "manifest")
# Rows up to this many characters are kept whole for refused.tsv, which saves a copy.
SHORT = 2000
BLOCK_BYTES = 4 * 1024**2
CLEANED = "Control or line-separator characters in a name or description were removed."


class Layout(Protocol):
    """Parses a row from a line's cells, or raises Refusal or Erased."""

    columns: int
    texts: frozenset[int]  # positions of the columns that lose control characters
    notes: list[str]  # about the row that was parsed last

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
    batches: Batches | None = None
    if layout in HEADED:
        header = _header(lines)
        skip = max(skip, 1)
        if header.delimiter:
            batches = unquoted(lines.blocks(), header.delimiter, skip)
        if layout == "entities":
            parser = Entities(header.columns, is_quoted=bool(header.delimiter))
        else:
            parser = Manifest(
                header.columns, options.with_images, read_file, options.is_erased
            )
    elif layout == "names":
        parser = Names()
    else:
        parser = Released(layout, options.with_images)
    return _blocks(batches or lines.blocks(skip, options.skip_limit.check), parser)


def _header(lines: Lines) -> Header:
    if not lines.head:
        raise UnreadableFile("The file is empty. It needs a header line.")
    first = lines.head[0]
    if isinstance(first, BadLine):
        raise UnreadableFile(f"The header line cannot be read: {first.reason}")
    return header_of(first)


def _blocks(batches: Batches, parser: Layout) -> Blocks:
    """Yield blocks of rows. This is the hot loop: imports have millions of rows."""
    parse, columns, notes = parser.parse, parser.columns, parser.notes
    brings_files = isinstance(parser, Manifest)
    for first, batch in batches:
        block = Block(first - 1)
        for number, line in enumerate(batch, first):
            try:
                cells = line.split("\t")
                if len(cells) != columns or line.__class__ is UncleanLine:
                    cells = _repaired(cells, parser)
                text: Any = line  # a bad line has been refused
                row = parse(number, cells, text if len(line) < SHORT else text[:200])
                block.rows.append(row)
            except (Refusal, Erased) as refusal:
                notes.clear()
                _refuse(block, number, refusal, line)
                continue
            if notes:
                _add_notes(block, number, notes)
            block.size += len(line)
            if brings_files and row[4] is not None:
                block.size += len(row[4])
            if block.size > BLOCK_BYTES:
                block.last = number
                yield block
                block = Block(number)
        block.last = first + len(batch) - 1
        yield block


def _add_notes(block: Block, number: int, notes: list[str]) -> None:
    block.notes += [Note(number, note) for note in notes]
    notes.clear()


def _refuse(block: Block, number: int, refusal: Refusal | Erased, line: Line) -> None:
    """Add a refused record, unless the line is blank."""
    text = line.text if isinstance(line, BadLine) else line
    if text.strip() or isinstance(line, BadLine):
        block.refused.append(refuse(number, refusal, text))


def _repaired(cells: list[str], parser: Layout) -> list[str]:
    """Return the cells of an unusual line; Refusal if they do not fit the layout.

    Drops empty columns after the last one. Removes control characters from names.
    """
    if len(cells) > parser.columns and not any(map(str.strip, cells[parser.columns :])):
        del cells[parser.columns :]
    if len(cells) != parser.columns:
        plural = "" if len(cells) == 1 else "s"
        raise Refusal(
            f"The row has {len(cells)} column{plural}, not {parser.columns}. Columns are"
            " separated by TAB."
        )
    for at, cell in enumerate(cells):
        cells[at] = CONTROLS.sub("", cell)
        if cells[at] != cell and at not in parser.texts:
            raise Refusal(
                f"Column {at + 1} contains a control or line-separator character."
            )
        if cells[at] != cell:
            parser.notes.append(CLEANED)
    return cells
