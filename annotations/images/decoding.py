"""The safe decoder: the only place where Pillow reads bytes from outside.

It detects the format by content, never by name. It reads the size from the header before
it decodes anything. It accepts a picture only if all of it decodes.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import PIL.Image
import pillow_heif
from django.conf import settings
from PIL import AvifImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL.Image import Resampling, Transpose

from annotations.errors import Unreadable

from .chunks import without_metadata
from .colours import to_srgb

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
# Names in Pillow that differ from ours.
FORMAT_NAMES = {"MPO": "JPEG", "HEIF": "HEIC"}
UNKNOWN_FORMAT = (
    "The file is not a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC picture."
)
JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
JPEG_XL_REFUSED = "JPEG XL pictures are not supported. Convert the picture to JPEG."
# The colour behind transparent parts; white and black drawings are visible on it.
BACKGROUND = (128, 128, 128)
THUMBNAIL_OPTIONS = {"format": "WEBP", "quality": 75, "method": 1}
# WebP of this size takes 25 times as long to encode.
RENDITION_OPTIONS = {"format": "JPEG", "quality": 90}
# A progressive JPEG is decoded once per scan, and a small file can have thousands.
MAX_SCANNED_PIXELS = 1_500_000_000
# Larger pictures are decoded one at a time, to limit the memory of all threads.
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

# Pillow refuses a picture above twice this limit, before some decoders allocate memory.
# Between the limit and twice the limit it would only warn. `_check_size` refuses.
PIL.Image.MAX_IMAGE_PIXELS = settings.IMAGE_MAX_PIXELS
warnings.filterwarnings("ignore", category=PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module="PIL")
# Load only the plugins of accepted formats.
PIL.Image.preinit()
LOADED = (AvifImagePlugin, TiffImagePlugin, WebPImagePlugin)
# Decode the picture itself, never an embedded thumbnail.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """An accepted picture: its format, upright size and WebP thumbnail.

    A large picture also has its rendition, because decoding it twice would take long.
    """

    format: str
    width: int
    height: int
    thumbnail: bytes
    rendition: bytes | None = None


def examine(data: bytes) -> Picture:
    """Decode all of a picture; Unreadable gives the reason of a failure in a sentence."""
    with _open(data) as picture:
        width, height = picture.size
        rendition = None
        if is_large(width, height):
            image = _render(picture, settings.RENDITION_SIDE)
            rendition = _encode(image, RENDITION_OPTIONS)
            thumbnail = _shrink(image, settings.THUMBNAIL_SIDE)
        else:
            thumbnail = _render(picture, settings.THUMBNAIL_SIDE)
        if _orientation(picture) in SIDEWAYS:
            width, height = height, width
        format_ = FORMAT_NAMES.get(str(picture.format), str(picture.format))
        encoded = _encode(thumbnail, THUMBNAIL_OPTIONS)
        return Picture(format_, width, height, encoded, rendition)


def is_large(width: int, height: int) -> bool:
    """Return whether pictures of this size are decoded one at a time."""
    return width * height > LARGE_PIXELS


def render(data: bytes) -> bytes:
    """Return the rendition: a JPEG, upright, in sRGB, of limited size, without metadata."""
    image, _ = shrink(data, settings.RENDITION_SIDE)
    return _encode(image, RENDITION_OPTIONS)


def shrink(data: bytes, side: int) -> tuple[PIL.Image.Image, float]:
    """Return the upright picture in sRGB and the factor by which it was scaled down.

    Its longest side has at most `side` pixels.
    """
    with _open(data) as picture:
        longest = max(picture.size)
        image = _render(picture, side)
        return image, longest / max(image.size)


@contextmanager
def _open(data: bytes) -> Iterator[PIL.Image.Image]:
    """Open a picture with an acceptable header; turn all errors into Unreadable."""
    if not data:
        raise Unreadable("The file is empty: it has zero bytes.")
    if len(data) > settings.IMAGE_MAX_BYTES:
        limit = settings.IMAGE_MAX_BYTES // 1024**2
        raise Unreadable(f"The file is larger than {limit} MiB.")
    file = io.BytesIO(without_metadata(data))
    try:
        with PIL.Image.open(file, formats=FORMATS) as picture:
            _check_size(picture, data)
            with _memory_for(picture):
                yield picture
    except Unreadable:
        raise
    except PIL.Image.DecompressionBombError as error:
        raise Unreadable(_too_many_pixels()) from error
    except PIL.UnidentifiedImageError as error:
        is_jpeg_xl = data.startswith(JPEG_XL)
        raise Unreadable(JPEG_XL_REFUSED if is_jpeg_xl else UNKNOWN_FORMAT) from error
    except Exception as error:
        # Hostile bytes make decoders raise nearly anything, such as struct, zlib, index
        # and memory errors. All mean the same.
        raise Unreadable(f"The picture is damaged: {_sentence(error)}.") from error


def _sentence(error: Exception) -> str:
    message = str(error).strip().rstrip(".").replace("\0", "")
    return message[:200] or type(error).__name__


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
    return _one_large if is_large(*picture.size) else nullcontext()


def _orientation(picture: PIL.Image.Image) -> Transpose | None:
    """Return the transposition that remains to be done; None if there is none.

    Ask after the picture is loaded, because loading turns some formats (TIFF, HEIC).
    """
    try:
        orientation = picture.getexif().get(ORIENTATION_TAG)
    except Exception:  # a damaged EXIF block does not make the picture unreadable
        return None
    return UPRIGHT.get(orientation) if isinstance(orientation, int) else None


def _render(picture: PIL.Image.Image, side: int) -> PIL.Image.Image:
    """Decode all of the first frame; return it upright, in sRGB, at most `side` long.

    The result carries no metadata.
    """
    if picture.format in ("JPEG", "MPO"):
        # Decodes at 1/2, 1/4 or 1/8 of the size, down to twice the side. It still reads
        # every scan, so that it detects a truncated file.
        picture.draft(None, (2 * side, 2 * side))
    picture.load()
    image = _shrink(_to_8_bits(picture), side)
    image = _to_rgb(to_srgb(image, picture.info.get("icc_profile")))
    orientation = _orientation(picture)
    image = image.copy() if orientation is None else image.transpose(orientation)
    image.info.clear()
    return image


def _shrink(picture: PIL.Image.Image, side: int) -> PIL.Image.Image:
    """Shrink a picture in place until its longest side has at most `side` pixels."""
    if max(picture.size) > side:
        picture.thumbnail((side, side), Resampling.BICUBIC, reducing_gap=2.0)
    return picture


def _to_8_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Convert to a mode that can be resized: 8 bits per channel and no palette."""
    if picture.mode.startswith("I;16"):
        # Values go up to 65535. A direct conversion would clip all above 255 to white.
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("I", "F"):
        return _scale_values(picture)
    if picture.mode in ("PA", "LA") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in ("P", "1"):
        return picture.convert("RGB")
    return picture


def _scale_values(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Scale 32-bit values to 0–255: unchanged, divided by 256, or from least to greatest."""
    low, high = (float(bound) for bound in picture.getextrema())  # type: ignore[arg-type]
    if low >= 0 and 1 < high < 256:
        scale, offset = 1.0, 0.0
    elif low >= 0 and 256 <= high < 65536:
        scale, offset = 1 / 256, 0.0
    else:
        scale = 255 / (high - low) if high > low else 0.0
        offset = -low * scale
    return picture.point(lambda value: value * scale + offset).convert("L")


def _to_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    if picture.mode == "RGB":
        return picture
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    overlay = picture.convert("RGBA")
    background = PIL.Image.new("RGB", picture.size, BACKGROUND)
    background.paste(overlay, mask=overlay.getchannel("A"))
    return background


def _encode(picture: PIL.Image.Image, options: dict[str, object]) -> bytes:
    file = io.BytesIO()
    picture.save(file, **options)  # type: ignore[arg-type]
    return file.getvalue()
