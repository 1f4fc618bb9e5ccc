"""Our own manifest: a header, pictures by path or still to come by URL."""

import hashlib
from collections.abc import Callable, Sequence

from annotations.errors import Erased, UnreadableFile
from annotations.intake.cells import (
    Refusal,
    check_identity,
    check_lengths,
    digest,
    frame,
    keys,
    moment,
    ranks,
)
from annotations.intake.rows import CandidateRow

from .lists import check_header

COLUMNS = (
    "key",
    "path",
    "image_url",
    "rank",
    "face_id",
    "face_rect",
    "page_url",
    "query",
    "licence",
    "attribution",
    "retrieved_at",
    "sha256",
)
# Reads the file that a path names; Refusal where it must not or cannot.
ReadFile = Callable[[str], bytes]


class Manifest:
    """`read` gets the bytes of a path, relative to the manifest's folder.

    `is_buried` is asked about a digest that a row names without bytes.
    """

    def __init__(
        self,
        header: Sequence[str],
        with_images: bool,
        read: ReadFile,
        is_buried: Callable[[str], bool],
    ) -> None:
        check_header(header, COLUMNS)
        if "path" not in header and "image_url" not in header:
            raise UnreadableFile("The header lacks both columns path and image_url.")
        self.columns = len(header)
        self._places = {name: place for place, name in enumerate(header)}
        self._with_images, self._read, self._is_buried = with_images, read, is_buried
        self._keys, self._ranks = keys(), ranks()

    def parse(self, number: int, cells: list[str], text: str) -> CandidateRow:
        """A row of a line's cells; reads the picture that it names."""
        cell = dict.fromkeys(COLUMNS, "") | {
            name: cells[place] for name, place in self._places.items()
        }
        check_lengths(*cells)
        key = self._keys[cell["key"]]
        copy = self._copy(number, key, cell)
        return number, key, "", copy, self._picture(cell), text

    def _copy(self, number: int, key: str, cell: dict[str, str]) -> str:
        has_bytes = bool(cell["path"]) and self._with_images
        check_identity(cell["face_id"], cell["image_url"], has_bytes)
        if not has_bytes and not cell["image_url"]:
            raise Refusal("The row names no picture: it needs a path or an image_url.")
        return "\t".join(
            (
                str(number),
                key,
                cell["face_id"],
                self._ranks[cell["rank"]],
                cell["image_url"],
                cell["page_url"],
                cell["query"],
                cell["licence"],
                cell["attribution"],
                moment(cell["retrieved_at"]),
                frame(cell["face_rect"]),
                "",
                "",
            )
        )

    def _picture(self, cell: dict[str, str]) -> bytes | None:
        wanted = digest(cell["sha256"])
        if wanted and self._is_buried(wanted):
            raise Erased("The picture was erased and must not return.")
        if not cell["path"] or not self._with_images:
            return None
        data = self._read(cell["path"])
        if wanted and hashlib.sha256(data).hexdigest() != wanted:
            raise Refusal("The file's SHA-256 is not the one that the row names.")
        return data
