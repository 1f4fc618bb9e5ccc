"""Single cells: what is accepted in them, and the sentence that refuses the rest."""

import binascii
import math
import struct
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from annotations.errors import Invalid

KEY_MAX_LENGTH = 128
KEY_FORBIDDEN = frozenset(" /\\?#%")
FREEBASE_PREFIXES = ("/m/", "/g/")
RANK_LIMIT = 2**31
NAME_MAX_LENGTH = 500
FACE_ID_MAX_LENGTH = 100
TEXT_MAX_LENGTH = 8000
# What tells candidates without bytes apart lies in a B-tree, whose entries are limited.
IDENTITY_MAX_BYTES = 2000
ROW_EXCERPT = 200
CACHED = 200_000


class Refusal(ValueError):
    """A row that is not taken; says why in one sentence."""


def normalise_key(raw: str) -> str:
    """The key that a cell or an address means; Invalid where it means none."""
    try:
        return _key(raw)
    except Refusal as refusal:
        raise Invalid({"key": [str(refusal)]}) from refusal


def _key(raw: str) -> str:
    if raw.startswith(FREEBASE_PREFIXES) and len(raw) > 3:
        raw = f"{raw[1]}.{raw[3:]}"
    key = unicodedata.normalize("NFC", raw)
    if not key:
        raise Refusal("The key is empty.")
    if len(key) > KEY_MAX_LENGTH:
        raise Refusal(f"The key is longer than {KEY_MAX_LENGTH} characters.")
    if not key.isprintable() or not KEY_FORBIDDEN.isdisjoint(key):
        raise Refusal(
            "The key holds a space, one of / \\ ? # % or an unprintable character."
        )
    if key in (".", ".."):
        raise Refusal("A key cannot be . or ..")
    return key


class _Keys(dict[str, str]):
    """Keys by how they were written; a file names the same ones again and again."""

    def __missing__(self, raw: str) -> str:
        key = _key(raw)
        if len(self) >= CACHED:
            self.clear()
        self[raw] = key
        return key


class _Ranks(dict[str, str]):
    """Ranks that were found right; a few hundred values fill whole files."""

    def __missing__(self, raw: str) -> str:
        digits = raw[1:] if raw.startswith("-") else raw
        if raw and not (digits.isascii() and digits.isdigit()):
            raise Refusal("The rank is no whole number.")
        if raw and (len(raw) > 20 or not -RANK_LIMIT <= int(raw) < RANK_LIMIT):
            raise Refusal("The rank is beyond 32 bits.")
        if len(self) >= CACHED:
            self.clear()
        self[raw] = str(int(raw)) if raw else ""
        return self[raw]


def keys() -> Mapping[str, str]:
    """`keys()[cell]` is the key of a cell; raises Refusal."""
    return _Keys()


def ranks() -> Mapping[str, str]:
    """`ranks()[cell]` is the rank of a cell, empty where it is; raises Refusal."""
    return _Ranks()


def released_rectangle(cell: str) -> str:
    """Base64 of four little-endian float32, as an array literal; empty stays empty."""
    if not cell:
        return ""
    try:
        corners = struct.unpack("<4f", binascii.a2b_base64(cell, strict_mode=True))
    except (struct.error, ValueError) as error:
        raise Refusal("The face rectangle is no base64 of four float32.") from error
    x1, y1, x2, y2 = corners
    if not (math.isfinite(x1 + y1 + x2 + y2) and x1 <= x2 and y1 <= y2):
        raise Refusal("The face rectangle is no rectangle.")
    return f"{{{x1:.9g},{y1:.9g},{x2:.9g},{y2:.9g}}}"


def frame(cell: str) -> str:
    """`x1,y1,x2,y2` from 0 to 1, as an array literal; empty stays empty."""
    if not cell:
        return ""
    try:
        corners = [float(part) for part in cell.split(",")]
        x1, y1, x2, y2 = corners
    except ValueError as error:
        raise Refusal("face_rect is not x1,y1,x2,y2.") from error
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise Refusal("face_rect is no rectangle within the picture (0 to 1).")
    return f"{{{x1!r},{y1!r},{x2!r},{y2!r}}}"


def moment(cell: str) -> str:
    """An ISO 8601 time in UTC, its zone where it names none; empty stays empty."""
    if not cell:
        return ""
    try:
        at = datetime.fromisoformat(cell)
        # What lies beyond the years 1 to 9999 in UTC could not be read back.
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise Refusal("retrieved_at is no ISO 8601 time.") from error


def digest(cell: str) -> str:
    """A SHA-256 in hex, lower-cased; empty stays empty."""
    wanted = cell.lower()
    if wanted and (len(wanted) != 64 or not set(wanted) <= set("0123456789abcdef")):
        raise Refusal("The digest is not 64 hex digits.")
    return wanted


def picture(cell: str) -> bytes:
    """The bytes of a base64 cell; an empty cell is a picture of zero bytes."""
    try:
        return binascii.a2b_base64(cell, strict_mode=True) if cell else b""
    except ValueError as error:
        raise Refusal("The picture is no base64.") from error


def check_lengths(*texts: str) -> None:
    """Refuse what no column is meant to hold."""
    if any(len(text) > TEXT_MAX_LENGTH for text in texts):
        raise Refusal(f"A cell is longer than {TEXT_MAX_LENGTH} characters.")


def check_identity(face_id: str, image_url: str, has_bytes: bool) -> None:
    """Refuse what is too long to tell candidates apart by."""
    if len(face_id) > FACE_ID_MAX_LENGTH:
        raise Refusal(f"The FaceID is longer than {FACE_ID_MAX_LENGTH} characters.")
    if not has_bytes and len(image_url.encode()) > IDENTITY_MAX_BYTES:
        raise Refusal(f"The image URL is longer than {IDENTITY_MAX_BYTES} bytes.")


def excerpt(row: str) -> str:
    """A row's first 200 characters for refused.tsv, TAB and CR escaped."""
    # Names of files may hold what is no Unicode; PostgreSQL takes no NUL.
    shown = row[:ROW_EXCERPT].encode(errors="replace").decode().replace("\0", "\\0")
    return shown.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
