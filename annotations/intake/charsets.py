"""Character sets: streams recoded to UTF-8, and a guess at an unknown encoding."""

import codecs
import io
import re
import unicodedata
from collections.abc import Callable
from typing import IO

UTF8_BOM = b"\xef\xbb\xbf"
# The BOM of UTF-32 begins with that of UTF-16.
BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
GUESSED_BYTES = 20_000
NON_ASCII = re.compile(r"[^\x00-\x7f]+")
# The common characters of an encoding: (first, last) pairs of two bytes.
COMMON_PAIRS = {
    "cp932": ((0x8140, 0x83FF), (0x889F, 0x9872)),
    "gbk": ((0xB0A1, 0xD7FE),),
    "cp949": ((0xB0A1, 0xC8FE),),
    "big5": ((0xA440, 0xC67E),),
}
SINGLE_BYTE = ("cp1252", "cp437", "cp850", "cp1251")


def as_utf8(file: IO[bytes]) -> IO[bytes]:
    """Return a stream without a byte order mark, recoded from UTF-16 or UTF-32."""
    start = file.read(4)
    for mark, encoding in BOMS:
        if start.startswith(mark):
            return _Recoded(file, start[len(mark) :], encoding)  # type: ignore[return-value]
    return _Prefixed(start.removeprefix(UTF8_BOM), file)  # type: ignore[return-value]


class _Prefixed(io.RawIOBase):
    """A stream after some bytes that were read from it before."""

    def __init__(self, start: bytes, file: IO[bytes]) -> None:
        self._start, self._file = start, file

    def read(self, size: int = -1) -> bytes:
        start, self._start = self._start, b""
        return start + self._file.read(size) if start else self._file.read(size)


class _Recoded(io.RawIOBase):
    """A UTF-16 stream as UTF-8. Lone surrogates and a cut end become invalid UTF-8."""

    def __init__(self, file: IO[bytes], start: bytes, encoding: str) -> None:
        self._file, self._start = file, start
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")

    def read(self, size: int = -1) -> bytes:
        while True:
            piece, self._start = self._start + self._file.read(size), b""
            try:
                text = self._decoder.decode(piece, final=not piece)
            except UnicodeDecodeError:
                self._decoder.reset()
                return b"\xff"
            if text or not piece:
                return text.encode("utf-8", "surrogatepass")


def probable_encodings(raw: bytes) -> list[str]:
    """Return likely encodings of a text that is not ASCII, the most likely first.

    An encoding is likely if its characters are common letters. Chinese, Japanese and
    Korean characters directly beside Latin letters count against an encoding.
    """
    raw = raw[:GUESSED_BYTES]
    scores = {"utf-8": 2.0 * _score(raw, "utf-8", _share_of_letters)}
    scores |= {
        name: 1.01 * _score(raw, name, _share_of_pairs(name)) for name in COMMON_PAIRS
    }
    scores |= {name: _score(raw, name, _share_of_letters) for name in SINGLE_BYTE}
    best = max(scores.values())
    likely = [name for name, score in scores.items() if score and score > best - 0.005]
    return sorted(likely, key=lambda name: -scores[name])[:2]


def guess_sentence(raw: bytes) -> str:
    """Return a sentence that names the probable encoding, empty without any."""
    likely = probable_encodings(raw)
    return f" It is probably {' or '.join(likely)}." if likely else ""


def _score(raw: bytes, encoding: str, share: Callable[[str], float]) -> float:
    try:
        return share(raw.decode(encoding))
    except UnicodeDecodeError:
        return 0.0


def _share_of_letters(text: str) -> float:
    signs = [sign for sign in text if not sign.isascii()]
    letters = sum(unicodedata.category(sign) in ("Ll", "Lu", "Lo") for sign in signs)
    # A capital after a small letter is the sign of a wrong encoding.
    upper = sum(
        first.islower() and second.isupper() and not second.isascii()
        for first, second in zip(text, text[1:], strict=False)
    )
    return max(0, letters - upper) / len(signs) if signs else 0.0


def _share_of_pairs(encoding: str) -> Callable[[str], float]:
    pairs = COMMON_PAIRS[encoding]

    def share(text: str) -> float:
        total = common = 0
        for run in NON_ASCII.finditer(text):
            around = (
                text[run.start() - 1 : run.start()] + text[run.end() : run.end() + 1]
            )
            signs = [sign.encode(encoding) for sign in run[0]]
            total += len(signs)
            if not any(sign.isalpha() for sign in around):
                codes = (int.from_bytes(sign, "big") for sign in signs)
                common += sum(
                    any(first <= code <= last for first, last in pairs)
                    for code in codes
                )
        return common / total if total else 0.0

    return share
