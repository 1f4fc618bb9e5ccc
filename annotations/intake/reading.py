"""From a source to blocks of rows, by the layout that was named or is detected."""

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
from .rows import Block, Blocks, refused
from .sources import Guarded, Patience, Source

HEADED = ("entities", "manifest")
# Up to this many characters a row is kept whole for refused.tsv, to spare the cut.
SHORT = 2000
BLOCK_BYTES = 4 * 1024**2


class Layout(Protocol):
    """Makes a row of a line's cells, or raises Refusal or Erased."""

    columns: int

    def parse(self, number: int, cells: list[str], text: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a source: a layout, or one of the allowed, from where on."""

    layout: str
    allowed: Collection[str]
    file_name: str
    with_images: bool
    position: int
    is_buried: Callable[[str], bool]
    patience: Patience


def read(source: Source, order: Order) -> tuple[str, Blocks]:
    """The layout of a source, and its blocks after the position."""
    if source.kind == "lines":
        return _read_lines(source, order)
    layout = "folder" if source.kind == "folder" else "archive"
    _check(layout, order)
    if source.kind == "folder":
        return layout, files.key_folders(source.folder, order.position)  # type: ignore[arg-type]
    opened = (archive.from_zip if source.kind == "zip" else archive.from_tar)(
        source.file
    )
    name = opened.manifest()
    if name is not None:
        lines = Lines(_manifest(opened, name))  # type: ignore[arg-type]
        return layout, _lines(lines, "manifest", order, opened.reader_beside(name))
    if not order.with_images:
        raise UnreadableFile("Key folders hold nothing but pictures.")
    return layout, archive.key_folders(opened, order.position)


def _manifest(found: archive.Archive, name: str) -> Guarded:
    try:
        return Guarded(found.open(name))
    except Refusal as refusal:
        raise UnreadableFile(
            f"The archive's manifest cannot be read: {refusal} Pack the archive anew,"
            " with a manifest that is an ordinary file without a password."
        ) from refusal


def _read_lines(source: Source, order: Order) -> tuple[str, Blocks]:
    lines = Lines(source.file)
    layout = order.layout or detection.detect(lines.head, order.file_name)
    _check(layout, order)
    if layout in ("archive", "folder"):
        raise UnreadableFile("The file is no zip or tar archive.")
    read_file = files.no_folder if source.folder is None else None
    return layout, _lines(
        lines,
        layout,
        order,
        read_file or files.Folder(source.folder).read,  # type: ignore[arg-type]
    )


def _check(layout: str, order: Order) -> None:
    if layout not in order.allowed:
        wanted = ", ".join(order.allowed)
        raise Invalid(
            {"layout": [f"The file has the layout {layout}; expected is {wanted}."]}
        )
    if order.layout and order.layout != layout:
        raise UnreadableFile(f"The file is no {order.layout} but an {layout}.")


def _lines(lines: Lines, layout: str, order: Order, read_file: ReadFile) -> Blocks:
    skip = order.position
    parser: Layout
    if layout in HEADED:
        header = _header(lines)
        skip = max(skip, 1)
        if layout == "entities":
            parser = Entities(header)
        else:
            parser = Manifest(header, order.with_images, read_file, order.is_buried)
    elif layout == "names":
        parser = Names()
    else:
        parser = Released(layout, order.with_images)
    return _blocks(lines, parser, skip, order.patience)


def _header(lines: Lines) -> Sequence[str]:
    if not lines.head:
        raise UnreadableFile("The file is empty; it needs a header line.")
    first = lines.head[0]
    if isinstance(first, BadLine):
        raise UnreadableFile(f"The header line cannot be read: {first.reason}")
    return first.split("\t")


def _blocks(lines: Lines, parser: Layout, skip: int, patience: Patience) -> Blocks:
    """The hot loop of every import: some millions of rows go through it."""
    parse, columns = parser.parse, parser.columns
    brings_files = isinstance(parser, Manifest)
    for first, found in lines.blocks(skip, patience.check):
        block = Block(first - 1)
        for number, line in enumerate(found, first):
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
                block.refused.append(refused(number, refusal, text))
                continue
            block.size += len(line)
            if brings_files and row[4] is not None:
                block.size += len(row[4])
            if block.size > BLOCK_BYTES:
                block.last = number
                yield block
                block = Block(number)
        block.last = first + len(found) - 1
        yield block
