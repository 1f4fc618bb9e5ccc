"""Single cells: accepted values, and a sentence for each refusal."""

import binascii
import math
import re
import struct
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

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
TRIMMED = "Spaces or invisible characters around a key were removed."
# Control and format characters, and all kinds of spaces.
INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")
WHOLE_RANK = re.compile(r"(-?[0-9]+)(\.0+)?", re.ASCII)
THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+", re.ASCII)
DECIMAL = re.compile(r"[0-9]+(\.0*)?|[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}", re.ASCII)
SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+-]{0,30}):(?![0-9])", re.ASCII)
FREQUENCY_LIMIT = 2**63
DAY = re.compile(r"\+?([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?Z?")
# No picture was retrieved from the web before.
WEB_BEGAN = datetime(1990, 1, 1, tzinfo=UTC)
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


def trimmed(text: str) -> str:
    """Return a text without invisible characters and spaces around it."""
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start]) in INVISIBLE:
        start += 1
    while end > start and unicodedata.category(text[end - 1]) in INVISIBLE:
        end -= 1
    return text[start:end]


class _Keys(dict[str, str]):
    """Keys by their spelling, cached because a file repeats the same ones."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self._notes = notes

    def __missing__(self, raw: str) -> str:
        cell = trimmed(raw)
        key = _key(cell)
        if cell != raw:
            # Not cached, so that every row with such a key has the note.
            self._notes.append(TRIMMED)
            return key
        if len(self) >= CACHED:
            self.clear()
        self[raw] = key
        return key


class _Ranks(dict[str, str]):
    """Valid ranks, cached because files contain only a few hundred values."""

    def __missing__(self, raw: str) -> str:
        whole = WHOLE_RANK.fullmatch(raw)
        if raw and not whole:
            raise Refusal("The rank is not a whole number.")
        if whole and (len(raw) > 20 or not -RANK_LIMIT <= int(whole[1]) < RANK_LIMIT):
            raise Refusal("The rank does not fit into 32 bits.")
        if len(self) >= CACHED:
            self.clear()
        self[raw] = str(int(whole[1])) if whole else ""
        return self[raw]


def keys(notes: list[str]) -> Mapping[str, str]:
    """Return a mapping from cells to keys; a wrong cell raises Refusal.

    Characters that are removed around a key add a sentence to `notes`.
    """
    return _Keys(notes)


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
    """Return an ISO 8601 time of the web's age in UTC, the default zone; empty for empty."""
    if not cell:
        return ""
    try:
        at = datetime.fromisoformat(cell)
        # Python cannot read a time outside the years 1 to 9999 in UTC.
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal("retrieved_at is not an ISO 8601 time.") from error
    if not WEB_BEGAN <= at <= datetime.now(UTC) + timedelta(days=2):
        raise Refusal("retrieved_at is before 1990 or in the future.")
    return at.isoformat()


def birth_date(cell: str) -> str:
    """Return a date as YYYY, YYYY-MM or YYYY-MM-DD, which cannot be in the future."""
    day = DAY.fullmatch(MIDNIGHT.sub("", cell))
    try:
        if not day:
            raise ValueError(cell)
        born_at = date(int(day[1]), int(day[2] or 1), int(day[3] or 1))
    except ValueError as error:
        raise Refusal("birth_date is not YYYY-MM-DD, YYYY-MM or YYYY.") from error
    if born_at > datetime.now(UTC).date():
        raise Refusal("birth_date is in the future.")
    return day[0].removeprefix("+")


def web_address(cell: str) -> str:
    """Return an http or https URL."""
    try:
        parts = urlsplit(cell)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or any(sign.isspace() for sign in cell):
        raise Refusal("The URL does not begin with http:// or https:// and a host.")
    return cell


def link(cell: str) -> str:
    """Return the URL of provenance. It can be incomplete, but has no other scheme."""
    if (scheme := SCHEME.match(cell)) and scheme[1].lower() not in ("http", "https"):
        raise Refusal(f"The URL begins with {scheme[0]}, not with http:// or https://.")
    return cell


def frequency(cell: str) -> str:
    """Return a whole number of 64 bits, also as Excel writes it: 1,234 or 1E+05."""
    if THOUSANDS.fullmatch(cell):
        cell = cell.replace(",", "")
    elif not DECIMAL.fullmatch(cell):
        raise Refusal("The frequency is not a whole number.")
    number = int(cell) if cell.isdigit() else _whole(cell)
    if len(cell) > 30 or number >= FREQUENCY_LIMIT:
        raise Refusal("The frequency does not fit into 64 bits.")
    return str(number)


def _whole(cell: str) -> int:
    number = Decimal(cell)
    if number != number.to_integral_value():
        raise Refusal("The frequency is not a whole number.")
    return int(number)


def optional(check: Callable[[str], str], cell: str, notes: list[str]) -> str:
    """Return a checked cell; a wrong one is left out, with a sentence in `notes`."""
    try:
        return check(cell)
    except Refusal as refusal:
        notes.append(f"{refusal} The cell was left out.")
        return ""


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
