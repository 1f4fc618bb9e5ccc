"""Layout of our own manifest: a header, pictures by path or, for later, by URL."""

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
    link,
    moment,
    optional,
    ranks,
)
from annotations.intake.rows import CandidateRow

from .lists import check_header, positions_of

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
# Returns the bytes of the file at a path; Refusal if it cannot be read or is unsafe.
ReadFile = Callable[[str], bytes]


class Manifest:
    """Parses a manifest's rows.

    `read` returns the bytes of a path relative to the manifest's folder. `is_erased`
    checks the digests in rows.
    """

    def __init__(
        self,
        header: Sequence[str],
        with_images: bool,
        read: ReadFile,
        is_erased: Callable[[str], bool],
    ) -> None:
        check_header(header, COLUMNS)
        if "path" not in header and "image_url" not in header:
            raise UnreadableFile(
                'The header has neither a column "path" nor "image_url".'
            )
        self.columns = len(header)
        self._positions = {name: position for position, name in enumerate(header)}
        self._with_images, self._read, self._is_erased = with_images, read, is_erased
        self.texts = positions_of(header, "query")
        self.notes: list[str] = []
        self._keys, self._ranks = keys(self.notes), ranks()

    def parse(self, number: int, cells: list[str], text: str) -> CandidateRow:
        """Parse a row from a line's cells, and read its picture."""
        cell = dict.fromkeys(COLUMNS, "") | {
            name: cells[position] for name, position in self._positions.items()
        }
        check_lengths(*cells)
        key = self._keys[cell["key"]]
        copy = self._copy(number, key, cell)
        return number, key, "", copy, self._picture(cell), text

    def _copy(self, number: int, key: str, cell: dict[str, str]) -> str:
        cell["image_url"] = optional(link, cell["image_url"], self.notes)
        has_bytes = bool(cell["path"]) and self._with_images
        check_identity(cell["face_id"], cell["image_url"], has_bytes)
        if not has_bytes and not cell["image_url"]:
            raise Refusal("The row has no picture. It needs a path or an image_url.")
        return "\t".join(
            (
                str(number),
                key,
                cell["face_id"],
                self._ranks[cell["rank"]],
                cell["image_url"],
                optional(link, cell["page_url"], self.notes),
                cell["query"],
                cell["licence"],
                cell["attribution"],
                optional(moment, cell["retrieved_at"].strip(), self.notes),
                frame(cell["face_rect"]),
                "",
                "",
            )
        )

    def _picture(self, cell: dict[str, str]) -> bytes | None:
        sha256 = digest(cell["sha256"])
        if sha256 and self._is_erased(sha256):
            raise Erased("The picture was erased and must not return.")
        if not cell["path"] or not self._with_images:
            return None
        data = self._read(cell["path"])
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise Refusal("The file's SHA-256 differs from the row's.")
        return data
