"""Detects a file's layout by its header, its columns and its cells."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from annotations.errors import Invalid

from .layouts.lists import ENTITY_COLUMNS, LANGUAGE
from .lines import BadLine, Line
from .tables import header_of

ENTITY_LAYOUTS = ("names", "entities")
CANDIDATE_LAYOUTS = (
    "thumbnails",
    "faces",
    "devset",
    "lowshot",
    "manifest",
    "archive",
)
LAYOUTS = (*ENTITY_LAYOUTS, *CANDIDATE_LAYOUTS)

SAMPLE_LINES = 50
FACE_ID = re.compile(r"FaceId-\d+", re.ASCII)
RANK = re.compile(r"-?\d{1,10}", re.ASCII)
RECTANGLE = re.compile(r"([A-Za-z0-9+/]{22}==)?", re.ASCII)
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


def check_layout(layout: str) -> None:
    """Raise Invalid for an unknown layout."""
    if layout and layout not in (*LAYOUTS, "folder"):
        raise Invalid({"layout": [f"There is no layout {layout!r}. {_advice()}"]})


def detect(head: Sequence[Line], file_name: str = "") -> str:
    """Return the layout of a file that begins with these lines; Invalid if it is unclear.

    `head` can end within a line.
    """
    lines = [line for line in head if not isinstance(line, BadLine)]
    if lines and (by_header := _by_header(header_of(lines[0]).columns)):
        return by_header
    votes = Counter(filter(None, map(_by_content, _rows(lines))))
    if votes:
        return votes.most_common(1)[0][0]
    if by_name := _by_name(file_name):
        return by_name
    if head and isinstance(head[0], BadLine):
        raise Invalid({"layout": [f"No line can be read. {head[0].reason}"]})
    raise Invalid({"layout": [f"The layout of the file is unclear. {_advice()}"]})


def _rows(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the cells of the first lines, without empty columns beyond any layout."""
    for line in lines[:SAMPLE_LINES]:
        cells = line.split("\t")
        while len(cells) > max(SIGNS) and not cells[-1]:
            cells.pop()
        yield cells


def _advice() -> str:
    return f"Choose one of {', '.join(LAYOUTS)}."


def _by_header(cells: Sequence[str]) -> str:
    header = set(cells)
    if "key" not in header:
        return ""
    # A file with a misspelt column is a manifest or list too. Its reader names the column.
    if header & {"path", "image_url"}:
        return "manifest"
    matches = len(header & set(ENTITY_COLUMNS))
    return "entities" if matches == len(header) or matches > 1 else ""


def _by_content(cells: Sequence[str]) -> str:
    """Return the layout of a row, which can have empty columns after its last one."""
    for columns in range(len(cells), min(SIGNS) - 1, -1):
        if any(cells[columns:]):
            break
        for layout, is_likely in SIGNS.get(columns, ()):
            if is_likely(cells[:columns]):
                return layout
    return ""


def _looks_like_names(cells: Sequence[str]) -> bool:
    name, _, language = cells[1].rpartition("@")
    return bool(name and LANGUAGE.fullmatch(language))


def _looks_like_thumbnails(cells: Sequence[str]) -> bool:
    return bool(RANK.fullmatch(cells[2]) and BASE64.match(cells[5][:100]))


def _looks_like_devset(cells: Sequence[str]) -> bool:
    return bool(FACE_ID.fullmatch(cells[3]) and RECTANGLE.fullmatch(cells[4]))


def _looks_like_faces(cells: Sequence[str]) -> bool:
    return bool(RANK.fullmatch(cells[1]) and RECTANGLE.fullmatch(cells[5]))


def _looks_like_lowshot(cells: Sequence[str]) -> bool:
    return bool(RANK.fullmatch(cells[3]) and BASE64.fullmatch(cells[1][:100]))


Test = Callable[[Sequence[str]], bool]
SIGNS: dict[int, tuple[tuple[str, Test], ...]] = {
    2: (("names", _looks_like_names),),
    5: (("lowshot", _looks_like_lowshot),),
    6: (("devset", _looks_like_devset), ("thumbnails", _looks_like_thumbnails)),
    7: (("faces", _looks_like_faces),),
}
HINTS = {
    "midlist": "names",
    "thumbnail": "thumbnails",
    "faceimage": "faces",
    "faces-": "faces",
    "devset": "devset",
    "lowshot": "lowshot",
    "traindata": "lowshot",
    "manifest": "manifest",
}


def _by_name(file_name: str) -> str:
    name = file_name.lower()
    return next((layout for hint, layout in HINTS.items() if hint in name), "")
