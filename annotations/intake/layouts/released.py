"""Layouts of the released MS-Celeb-1M files: TSV, no header, pictures in base64."""

from collections.abc import Callable

from annotations.intake.cells import (
    NAME_MAX_LENGTH,
    Refusal,
    check_identity,
    check_lengths,
    keys,
    ranks,
    released_rectangle,
)
from annotations.intake.rows import CandidateRow

Parse = Callable[[int, list[str], str], CandidateRow]
# Longer cells are rare, so only their rows take the slower check of all lengths.
ORDINARY = 480
# Measurement files have this in withheld and in empty cells.
WITHHELD = "-"
# The position of the column with a name.
TEXTS = {"thumbnails": frozenset({1}), "devset": frozenset({1})}


class Released:
    """One of the four layouts; `parse` parses a row from a line's cells.

    Without images, it ignores the picture's column.
    """

    def __init__(self, layout: str, with_images: bool) -> None:
        self.columns, parse = LAYOUTS[layout]
        self.texts = TEXTS.get(layout, frozenset())
        self.notes: list[str] = []
        self._keys, self._ranks = keys(self.notes), ranks()
        self._with_images = with_images
        self.parse: Parse = parse.__get__(self)

    def _thumbnails(self, number: int, cells: list[str], text: str) -> CandidateRow:
        mid, query, rank, image_url, page_url, picture = cells
        if (
            len(image_url) > ORDINARY
            or len(page_url) > ORDINARY
            or len(query) > ORDINARY
        ):
            self._check("", image_url, page_url, query, picture)
        key = self._keys[mid]
        copy = f"{number}\t{key}\t\t{self._ranks[rank]}\t{image_url}\t{page_url}\t{query}\t\t\t\t\t\t"
        name = query if len(query) <= NAME_MAX_LENGTH else ""
        return number, key, name, copy, picture if self._with_images else None, text

    def _faces(self, number: int, cells: list[str], text: str) -> CandidateRow:
        mid, rank, image_url, page_url, face_id, rectangle, picture = cells
        if len(image_url) > ORDINARY or len(page_url) > ORDINARY or len(face_id) > 99:
            self._check(face_id, image_url, page_url, "", picture)
        key = self._keys[mid]
        copy = (
            f"{number}\t{key}\t{face_id}\t{self._ranks[rank]}\t{image_url}\t{page_url}"
            f"\t\t\t\t\t\t{released_rectangle(rectangle)}\t"
        )
        return number, key, "", copy, picture if self._with_images else None, text

    def _devset(self, number: int, cells: list[str], text: str) -> CandidateRow:
        mid, name, image_url, face_id, rectangle, picture = cells
        if (
            len(name) > NAME_MAX_LENGTH
            or len(face_id) > 99
            or len(image_url) > ORDINARY
        ):
            self._check(face_id, image_url, "", name, picture)
        if mid == WITHHELD:
            raise Refusal("The MID is withheld, as in the public test split.")
        key = self._keys[mid]
        name = "" if name == WITHHELD else name
        image_url = "" if image_url == WITHHELD else image_url
        copy = (
            f"{number}\t{key}\t{face_id}\t\t{image_url}\t\t\t\t\t\t"
            f"\t{released_rectangle(rectangle)}\t"
        )
        name = name if len(name) <= NAME_MAX_LENGTH else ""
        return number, key, name, copy, picture if self._with_images else None, text

    def _lowshot(self, number: int, cells: list[str], text: str) -> CandidateRow:
        # ImageID, the record's id within its file, is not needed.
        _, picture, mid, rank, image_url = cells
        if len(image_url) > ORDINARY:
            self._check("", image_url, "", "", picture)
        key = self._keys[mid]
        copy = f"{number}\t{key}\t\t{self._ranks[rank]}\t{image_url}\t\t\t\t\t\t\t\t"
        return number, key, "", copy, picture if self._with_images else None, text

    def _check(
        self, face_id: str, image_url: str, page_url: str, query: str, picture: str
    ) -> None:
        check_lengths(image_url, page_url, query)
        check_identity(face_id, image_url, bool(self._with_images and picture))


LAYOUTS = {
    "thumbnails": (6, Released._thumbnails),
    "faces": (7, Released._faces),
    "devset": (6, Released._devset),
    "lowshot": (5, Released._lowshot),
}
