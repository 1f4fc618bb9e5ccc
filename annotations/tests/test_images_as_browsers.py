"""Pictures look as browsers show them: orientation, colours, damaged metadata, formats."""

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest

from annotations import images
from annotations.errors import Unreadable
from annotations.images import decoding

# Inverse of the transposition that each value of the tag asks for.
UNDO = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
TURNABLE = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"]
ACCEPTED = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC"]
# X, Y and Z of the primaries of three colour spaces (D50), as in their ICC profiles.
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
ADOBE_RGB = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
)
PROPHOTO = (
    (0.79767, 0.28804, 0.0),
    (0.13519, 0.71188, 0.0),
    (0.03134, 0.00009, 0.82491),
)
SRGB = (
    (0.43607, 0.22249, 0.01392),
    (0.38515, 0.71687, 0.09708),
    (0.14307, 0.06061, 0.71410),
)
WIDE = [(DISPLAY_P3, 2.2), (ADOBE_RGB, 2.2), (PROPHOTO, 1.8)]


def saved(picture, format, **options):
    file = io.BytesIO()
    picture.save(file, "HEIF" if format == "HEIC" else format, **options)
    return file.getvalue()


def shown(data):
    """Return the thumbnail of a picture as pixels."""
    return PIL.Image.open(io.BytesIO(images.examine(data).thumbnail)).convert("RGB")


def near(pixel, colour, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


def fixed(number):
    return struct.pack(">i", round(number * 65536))


def profile(primaries, gamma, space=b"RGB "):
    """Return an ICC profile of version 2 with these primaries and one gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    tags = {b"wtpt": xyz((0.9642, 1.0, 0.8249))}
    tags |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(xyz, primaries), strict=True))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC", b"kTRC"), curve)
    text = b"Wide\0"
    tags[b"desc"] = b"desc" + bytes(4) + struct.pack(">I", 5) + text + bytes(81)
    tags[b"cprt"] = b"text" + bytes(4) + text + bytes(3)
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    head = bytes(4) + struct.pack(">I", 0x02400000) + b"mntr" + space + b"XYZ "
    head = bytes(4) + head + bytes(12) + b"acsp" + bytes(28) + xyz_of_d50() + bytes(48)
    data = head + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(data)) + data[4:]


def xyz(values):
    return b"XYZ " + bytes(4) + b"".join(map(fixed, values))


def xyz_of_d50():
    return b"".join(map(fixed, (0.9642, 1.0, 0.8249)))


def in_space(colour, primaries, gamma):
    """Return the numbers of an sRGB colour in another colour space, by its definition."""

    def linear(value):
        value /= 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    light = np.array(SRGB).T @ [linear(value) for value in colour]
    values = np.linalg.solve(np.array(primaries).T, light).clip(0, 1) ** (1 / gamma)
    return tuple(int(value) for value in (values * 255).round())


@pytest.mark.parametrize("format", TURNABLE)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_upright_once(format, orientation):
    upright = PIL.Image.new("RGB", (160, 96), "white")
    upright.paste("red", (0, 0, 60, 40))
    upright.paste("blue", (120, 0, 160, 40))
    turned = upright
    if orientation > 1:
        turned = upright.transpose(PIL.Image.Transpose(UNDO[orientation]))
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation

    data = saved(turned, format, exif=exif.tobytes(), quality=95)
    picture = images.examine(data)
    pixels = shown(data)
    view, _ = decoding.shrink(data, 2560)

    assert (picture.width, picture.height) == pixels.size == view.size == (160, 96)
    for image in (pixels, view):
        assert near(image.getpixel((15, 12)), (255, 0, 0), 24)
        assert near(image.getpixel((145, 12)), (0, 0, 255), 24)
        assert near(image.getpixel((15, 84)), (255, 255, 255), 24)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
@pytest.mark.parametrize(("primaries", "gamma"), WIDE)
def test_wide_colours_are_converted_to_srgb(format, primaries, gamma):
    colour = (200, 150, 119)
    stored = in_space(colour, primaries, gamma)
    assert not near(stored, colour, 4)
    picture = PIL.Image.new("RGB", (64, 64), stored)
    icc = profile(primaries, gamma)
    data = saved(picture, format, icc_profile=icc, quality=98)

    assert near(shown(data).getpixel((32, 32)), colour, 5)
    pixels, _ = decoding.shrink(data, 1024)
    assert near(pixels.getpixel((32, 32)), colour, 5)


def test_transparent_wide_colours_keep_their_transparency():
    stored = in_space((200, 150, 119), ADOBE_RGB, 2.2)
    picture = PIL.Image.new("RGBA", (64, 64), (*stored, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 64, 32))
    pixels = shown(saved(picture, "PNG", icc_profile=profile(ADOBE_RGB, 2.2)))

    assert near(pixels.getpixel((32, 10)), decoding.BACKGROUND)
    assert near(pixels.getpixel((32, 50)), (200, 150, 119), 5)


@pytest.mark.parametrize(
    "icc",
    [
        b"no profile",
        profile(ADOBE_RGB, 2.2)[:150],
        profile(ADOBE_RGB, 2.2, b"GRAY"),
        profile(ADOBE_RGB, 2.2, b"CMYK"),
    ],
)
def test_a_damaged_or_unsuitable_profile_is_ignored(icc):
    picture = PIL.Image.new("RGB", (64, 64), (200, 150, 119))

    for format in ("JPEG", "PNG", "WEBP"):
        data = saved(picture, format, icc_profile=icc, quality=98)
        assert near(shown(data).getpixel((32, 32)), (200, 150, 119), 5)


def test_grey_pictures_follow_the_curve_of_their_profile():
    icc = profile(SRGB, 1.0, b"GRAY")
    data = saved(PIL.Image.new("L", (64, 64), 55), "JPEG", icc_profile=icc)

    assert near(shown(data).getpixel((32, 32)), (128, 128, 128), 6)


def chunk(name, body, *, is_damaged=False):
    sum_ = zlib.crc32(name + body) ^ is_damaged
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", sum_)


def png_with(*chunks):
    """Return a red PNG with these chunks after its header."""
    data = saved(PIL.Image.new("RGB", (64, 64), "red"), "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"tEXt", b"Title\0a", is_damaged=True),
        chunk(b"iTXt", b"\xff\xff"),
        chunk(b"zTXt", b"Title\0\0not compressed"),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(80_000_000))),
        chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(80_000_000))),
        chunk(b"iCCP", b"icc\0\0not compressed"),
        chunk(b"iCCP", b"icc\0\x07" + zlib.compress(b"x")),
        chunk(b"iCCP", b""),
        chunk(b"eXIf", b"MM\0*", is_damaged=True),
        chunk(b"gAMA", b"", is_damaged=True),
        chunk(b"tIME", b"\0"),
        chunk(b"pHYs", b""),
        chunk(b"acTL", b""),
        chunk(b"tRNS", b"\0", is_damaged=True),
    ],
    ids=lambda extra: extra[4:12].decode("latin-1").split("\0")[0],
)
def test_damage_in_ancillary_chunks_of_png_is_tolerated(extra):
    assert near(shown(png_with(extra)).getpixel((32, 32)), (255, 0, 0))


def test_damage_in_the_header_of_png_is_refused():
    data = saved(PIL.Image.new("RGB", (64, 64), "red"), "PNG")
    with pytest.raises(Unreadable):
        images.examine(data[:29] + b"\0\1\2\3" + data[33:])


@pytest.mark.parametrize("format", ["AVIF", "HEIC"])
def test_formats_of_phones_and_of_the_web_are_accepted(format):
    ramp = PIL.Image.linear_gradient("L").convert("RGB")
    picture = images.examine(saved(ramp, format))

    assert (picture.format, picture.width, picture.height) == (format, 256, 256)
    for y in (20, 128, 236):
        assert near(shown(saved(ramp, format)).getpixel((128, y)), (y, y, y))


@pytest.mark.parametrize("format", ["AVIF", "HEIC"])
def test_their_truncated_files_are_refused(format):
    data = saved(PIL.Image.effect_noise((300, 200), 90).convert("RGB"), format)
    for part in (4, 2, 1.2):
        with pytest.raises(Unreadable):
            images.examine(data[: int(len(data) / part)])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("format", ["AVIF", "HEIC"])
def test_their_pixels_are_counted_before_they_are_decoded(
    format, settings, monkeypatch
):
    data = saved(PIL.Image.new("RGB", (400, 300)), format)
    settings.IMAGE_MAX_PIXELS = 100_000
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100_000)
    with pytest.raises(Unreadable, match="megapixels"):
        images.examine(data)


@pytest.mark.parametrize("start", decoding.JPEG_XL)
def test_a_jpeg_xl_is_refused_by_name(start):
    with pytest.raises(Unreadable, match="JPEG XL"):
        images.examine(start + bytes(64))


@pytest.mark.parametrize("format", ACCEPTED)
def test_no_metadata_is_passed_on(format):
    exif = PIL.Image.Exif()
    exif[0x010F] = "Camera of somewhere"
    icc = profile(DISPLAY_P3, 2.2)
    data = saved(
        PIL.Image.new("RGB", (64, 64), "red"),
        format,
        exif=exif.tobytes(),
        icc_profile=icc,
        comment=b"Camera of somewhere",
    )
    pixels, _ = decoding.shrink(data, 1024)

    assert pixels.info == {}
    assert not dict(pixels.getexif())
    assert b"ICCP" not in images.examine(data).thumbnail
    assert b"Camera" not in images.examine(data).thumbnail
