"""The guarded decoder: the only place where bytes from outside meet Pillow.

The format is told by content, never by a name; the size is read from the header before
anything is decoded; a picture is accepted only when all of it decodes.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import PIL.Image
from django.conf import settings
from PIL import TiffImagePlugin, WebPImagePlugin
from PIL.Image import Resampling, Transpose

from annotations.errors import Unreadable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
# What shows through transparent parts: white and black drawings stand out alike.
BACKGROUND = (128, 128, 128)
THUMBNAIL_OPTIONS = {"format": "WEBP", "quality": 75, "method": 1}
VIEW_OPTIONS = {"format": "WEBP", "quality": 90, "method": 2}
WEBP_MAX_SIDE = 16383
# A progressive JPEG is decoded once a scan: a small file can hold thousands of them.
MAX_SCANNED_PIXELS = 1_500_000_000
# Larger ones are decoded one at a time, so that threads do not add up their memory.
LARGE_PIXELS = 16_000_000

_one_large = threading.Lock()

ORIENTATION_TAG = 0x0112
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
SIDEWAYS = {UPRIGHT[5], UPRIGHT[6], UPRIGHT[7], UPRIGHT[8]}

# Pillow's own guard refuses above twice this, before some decoders allocate; between
# once and twice it would only warn, where `_check_size` refuses.
PIL.Image.MAX_IMAGE_PIXELS = settings.IMAGE_MAX_PIXELS
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module="PIL")
# Of all that Pillow could open we load what we accept.
PIL.Image.preinit()
LOADED = (TiffImagePlugin, WebPImagePlugin)


@dataclass(frozen=True, slots=True)
class Picture:
    """What an accepted picture is: upright size and a WebP thumbnail."""

    format: str
    width: int
    height: int
    thumbnail: bytes


def examine(data: bytes) -> Picture:
    """Decode all of a picture; Unreadable says in one sentence why it is none."""
    with _opened(data) as picture:
        width, height = picture.size
        orientation = _orientation(picture)
        shown = _shown(picture, settings.THUMBNAIL_SIDE, orientation)
        if orientation in SIDEWAYS:
            width, height = height, width
        format_ = "JPEG" if picture.format == "MPO" else str(picture.format)
        return Picture(format_, width, height, _encoded(shown, THUMBNAIL_OPTIONS))


def as_webp(data: bytes) -> bytes:
    """The whole picture as WebP, for formats that browsers do not show."""
    with _opened(data) as picture:
        shown = _shown(picture, WEBP_MAX_SIDE, _orientation(picture))
        return _encoded(shown, VIEW_OPTIONS)


def shrunk(data: bytes, side: int) -> tuple[PIL.Image.Image, float]:
    """The upright picture in RGB, its longest side at most `side` pixels.

    And how many pixels of the original one of its pixels stands for.
    """
    with _opened(data) as picture:
        longest = max(picture.size)
        shown = _shown(picture, side, _orientation(picture))
        return shown, longest / max(shown.size)


@contextmanager
def _opened(data: bytes) -> Iterator[PIL.Image.Image]:
    """A picture whose header was accepted; whatever goes wrong within is Unreadable."""
    if not data:
        raise Unreadable("The file is empty: it has zero bytes.")
    if len(data) > settings.IMAGE_MAX_BYTES:
        limit = settings.IMAGE_MAX_BYTES // 1024**2
        raise Unreadable(f"The file is larger than {limit} MiB.")
    try:
        with PIL.Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check_size(picture, data)
            with _memory_for(picture):
                yield picture
    except Unreadable:
        raise
    except PIL.Image.DecompressionBombError as error:
        raise Unreadable(_too_many_pixels()) from error
    except PIL.UnidentifiedImageError as error:
        raise Unreadable(
            "The file is no JPEG, PNG, WebP, GIF, BMP or TIFF picture."
        ) from error
    except Exception as error:
        # Hostile bytes make decoders raise nearly anything: struct, zlib, index and
        # memory errors among them. All mean the same.
        raise Unreadable(f"The picture is damaged: {_sentence(error)}.") from error


def _sentence(error: Exception) -> str:
    said = str(error).strip().rstrip(".").replace("\0", "")
    return said[:200] or type(error).__name__


def _too_many_pixels() -> str:
    limit = settings.IMAGE_MAX_PIXELS / 1_000_000
    return f"The picture has more than {limit:g} megapixels."


def _check_size(picture: PIL.Image.Image, data: bytes) -> None:
    pixels = picture.width * picture.height
    if pixels > settings.IMAGE_MAX_PIXELS:
        raise Unreadable(_too_many_pixels())
    if picture.width < 1 or picture.height < 1:
        raise Unreadable("The picture has no pixels.")
    if picture.format in ("JPEG", "MPO"):
        scans = data.count(b"\xff\xda")
        if pixels * scans > max(MAX_SCANNED_PIXELS, 16 * pixels):
            raise Unreadable(f"The picture has {scans} scans: it may be an attack.")


def _memory_for(picture: PIL.Image.Image) -> AbstractContextManager[object]:
    is_large = picture.width * picture.height > LARGE_PIXELS
    return _one_large if is_large else nullcontext()


def _orientation(picture: PIL.Image.Image) -> Transpose | None:
    """How to turn it upright as EXIF says; None where it is, or EXIF is damaged."""
    try:
        said = picture.getexif().get(ORIENTATION_TAG)
    except Exception:  # a damaged EXIF block does not make the picture unreadable
        return None
    return UPRIGHT.get(said) if isinstance(said, int) else None


def _shown(
    picture: PIL.Image.Image, side: int, orientation: Transpose | None
) -> PIL.Image.Image:
    """All of the first frame decoded, shrunk to `side`, upright, in RGB."""
    if picture.format in ("JPEG", "MPO"):
        # Decodes at 1/2, 1/4 or 1/8 while that leaves twice the side; reads every
        # scan all the same, so a truncated file is still found out.
        picture.draft(None, (2 * side, 2 * side))
    picture.load()
    shown = _smooth(picture)
    if max(shown.size) > side:
        shown.thumbnail((side, side), Resampling.BICUBIC, reducing_gap=2.0)
    shown = _opaque(shown)
    return shown if orientation is None else shown.transpose(orientation)


def _smooth(picture: PIL.Image.Image) -> PIL.Image.Image:
    """In a mode of 8 bits a channel that can be resized: no palette, no 16 bits."""
    if picture.mode.startswith("I;16"):
        # Values run to 65535; converting at once would clip all above 255 to white.
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("I", "F"):
        return _spread(picture)
    if picture.mode in ("PA", "LA") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in ("P", "1"):
        return picture.convert("RGB")
    return picture


def _spread(picture: PIL.Image.Image) -> PIL.Image.Image:
    """32-bit values on 0 to 255: as they are, by 256, or from least to greatest."""
    low, high = (float(bound) for bound in picture.getextrema())  # type: ignore[arg-type]
    if low >= 0 and 1 < high < 256:
        scale, offset = 1.0, 0.0
    elif low >= 0 and 256 <= high < 65536:
        scale, offset = 1 / 256, 0.0
    else:
        scale = 255 / (high - low) if high > low else 0.0
        offset = -low * scale
    return picture.point(lambda value: value * scale + offset).convert("L")


def _opaque(picture: PIL.Image.Image) -> PIL.Image.Image:
    if picture.mode == "RGB":
        return picture
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    overlay = picture.convert("RGBA")
    ground = PIL.Image.new("RGB", picture.size, BACKGROUND)
    ground.paste(overlay, mask=overlay.getchannel("A"))
    return ground


def _encoded(picture: PIL.Image.Image, options: dict[str, object]) -> bytes:
    file = io.BytesIO()
    picture.save(file, **options)  # type: ignore[arg-type]
    return file.getvalue()
