"""Single cells: accepted values, and a sentence for each refusal."""

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
# A unique index identifies candidates without bytes, and limits the size of its entries.
IDENTITY_MAX_BYTES = 2000
ROW_EXCERPT = 200
CACHED = 200_000


class Refusal(ValueError):
    """A row is refused; the message is the reason, one sentence."""


def normalise_key(raw: str) -> str:
    """Return the key in a cell or URL; raise Invalid if there is none."""
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
            "The key contains a space, one of / \\ ? # % or an unprintable character."
        )
    if key in (".", ".."):
        raise Refusal("A key cannot be . or ..")
    return key


class _Keys(dict[str, str]):
    """Keys by their spelling, cached because a file repeats the same ones."""

    def __missing__(self, raw: str) -> str:
        key = _key(raw)
        if len(self) >= CACHED:
            self.clear()
        self[raw] = key
        return key


class _Ranks(dict[str, str]):
    """Valid ranks, cached because files contain only a few hundred values."""

    def __missing__(self, raw: str) -> str:
        digits = raw[1:] if raw.startswith("-") else raw
        if raw and not (digits.isascii() and digits.isdigit()):
            raise Refusal("The rank is not a whole number.")
        if raw and (len(raw) > 20 or not -RANK_LIMIT <= int(raw) < RANK_LIMIT):
            raise Refusal("The rank does not fit into 32 bits.")
        if len(self) >= CACHED:
            self.clear()
        self[raw] = str(int(raw)) if raw else ""
        return self[raw]


def keys() -> Mapping[str, str]:
    """Return a mapping from cells to keys; a wrong cell raises Refusal."""
    return _Keys()


def ranks() -> Mapping[str, str]:
    """Return a mapping from cells to ranks, empty to empty; a wrong cell raises Refusal."""
    return _Ranks()


def released_rectangle(cell: str) -> str:
    """Return an array literal for base64 of four little-endian float32; empty for empty."""
    if not cell:
        return ""
    try:
        corners = struct.unpack("<4f", binascii.a2b_base64(cell, strict_mode=True))
    except (struct.error, ValueError) as error:
        raise Refusal("The face rectangle is not base64 of four float32.") from error
    x1, y1, x2, y2 = corners
    if not (math.isfinite(x1 + y1 + x2 + y2) and x1 <= x2 and y1 <= y2):
        raise Refusal("The corners of the face rectangle are wrong.")
    return f"{{{x1:.9g},{y1:.9g},{x2:.9g},{y2:.9g}}}"


def frame(cell: str) -> str:
    """Return an array literal for `x1,y1,x2,y2` from 0 to 1; empty for empty."""
    if not cell:
        return ""
    try:
        corners = [float(part) for part in cell.split(",")]
        x1, y1, x2, y2 = corners
    except ValueError as error:
        raise Refusal("face_rect is not x1,y1,x2,y2.") from error
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise Refusal("face_rect is not a rectangle within the picture (0 to 1).")
    return f"{{{x1!r},{y1!r},{x2!r},{y2!r}}}"


def moment(cell: str) -> str:
    """Return an ISO 8601 time in UTC, the default zone; empty for empty."""
    if not cell:
        return ""
    try:
        at = datetime.fromisoformat(cell)
        # Python cannot read a time outside the years 1 to 9999 in UTC.
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise Refusal("retrieved_at is not an ISO 8601 time.") from error


def digest(cell: str) -> str:
    """Return a SHA-256 in lower-case hex; empty for empty."""
    sha256 = cell.lower()
    if sha256 and (len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef")):
        raise Refusal("The digest is not 64 hex digits.")
    return sha256


def picture(cell: str) -> bytes:
    """Return the bytes of a base64 cell; an empty cell is a picture of zero bytes."""
    try:
        return binascii.a2b_base64(cell, strict_mode=True) if cell else b""
    except ValueError as error:
        raise Refusal("The picture is not base64.") from error


def check_lengths(*texts: str) -> None:
    """Refuse texts that are longer than any column should be."""
    if any(len(text) > TEXT_MAX_LENGTH for text in texts):
        raise Refusal(f"A cell is longer than {TEXT_MAX_LENGTH} characters.")


def check_identity(face_id: str, image_url: str, has_bytes: bool) -> None:
    """Refuse values that are too long to identify a candidate."""
    if len(face_id) > FACE_ID_MAX_LENGTH:
        raise Refusal(f"The FaceID is longer than {FACE_ID_MAX_LENGTH} characters.")
    if not has_bytes and len(image_url.encode()) > IDENTITY_MAX_BYTES:
        raise Refusal(f"The image URL is longer than {IDENTITY_MAX_BYTES} bytes.")


def excerpt(row: str) -> str:
    """Return a row's first 200 characters for refused.tsv, with TAB, CR and LF escaped."""
    # A file name can contain invalid Unicode. PostgreSQL does not accept NUL.
    text = row[:ROW_EXCERPT].encode(errors="replace").decode().replace("\0", "\\0")
    return text.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
