"""Which layout a file has, told by its header, its columns and what is in them."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from annotations.errors import Invalid

from .layouts.lists import ENTITY_COLUMNS, LANGUAGE
from .lines import BadLine, Line

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

LOOKED_AT = 50
FACE_ID = re.compile(r"FaceId-\d+", re.ASCII)
RANK = re.compile(r"-?\d{1,10}", re.ASCII)
RECTANGLE = re.compile(r"([A-Za-z0-9+/]{22}==)?", re.ASCII)
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


def check_layout(layout: str) -> None:
    """Invalid where a layout is named that there is not."""
    if layout and layout not in (*LAYOUTS, "folder"):
        raise Invalid({"layout": [f"There is no layout {layout!r}. {_known()}"]})


def detect(head: Sequence[Line], file_name: str = "") -> str:
    """The layout of a file that begins with these lines; Invalid where it is unclear.

    The last line may be cut off, so it counts only where it is the only one.
    """
    lines = [line for line in head if not isinstance(line, BadLine)]
    rows = [line.split("\t") for line in lines[:LOOKED_AT]]
    if rows and (by_header := _by_header(rows[0])):
        return by_header
    votes = Counter(filter(None, map(_by_content, rows)))
    if votes:
        return votes.most_common(1)[0][0]
    if by_name := _by_name(file_name):
        return by_name
    if head and isinstance(head[0], BadLine):
        raise Invalid({"layout": [f"No line can be read. {head[0].reason}"]})
    raise Invalid({"layout": [f"The layout cannot be told. {_known()}"]})


def _known() -> str:
    return f"Name one of {', '.join(LAYOUTS)}."


def _by_header(cells: Sequence[str]) -> str:
    header = set(cells)
    if "key" not in header:
        return ""
    # A misspelt column is a manifest or list nonetheless, whose reader names it.
    if header & {"path", "image_url"}:
        return "manifest"
    known = len(header & set(ENTITY_COLUMNS))
    return "entities" if known == len(header) or known > 1 else ""


def _by_content(cells: Sequence[str]) -> str:
    for layout, looks in SIGNS.get(len(cells), ()):
        if looks(cells):
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


Looks = Callable[[Sequence[str]], bool]
SIGNS: dict[int, tuple[tuple[str, Looks], ...]] = {
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
