"""The safe decoder, the store by digest, and pictures for browsers."""

import io
import os
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import PIL.Image
import pytest
from django.core.files.storage import default_storage

from annotations import images
from annotations.errors import NotFound, Unreadable
from annotations.images import decoding, serving, store
from annotations.models import Image
from tools import sample

from .factories import CandidateFactory, EntityFactory, ImageFactory, UserFactory
from .pictures import drawn, stored

SAMPLE = sample.folder()


def saved(picture, format, **options):
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def pixels_of(webp):
    return PIL.Image.open(io.BytesIO(webp)).convert("RGB")


def noise(size=(97, 61), mode="RGB"):
    channels = len(PIL.Image.new(mode, (1, 1)).getbands())
    data = bytes((n * 7919 >> 3) & 255 for n in range(size[0] * size[1] * channels))
    return PIL.Image.frombytes(mode, size, data)


def png_header(width, height):
    def chunk(name, body):
        sum_ = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", sum_)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head),
        chunk(b"IDAT", zlib.compress(b"\0")),
        chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def reason_for(data):
    with pytest.raises(Unreadable) as caught:
        images.examine(data)
    return caught.value.detail


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_each_accepted_format_is_told_by_its_content(format):
    picture = images.examine(saved(noise(), format))

    assert (picture.format, picture.width, picture.height) == (format, 97, 61)
    assert PIL.Image.open(io.BytesIO(picture.thumbnail)).format == "WEBP"


@pytest.mark.parametrize("format", ["PPM", "ICO", "TGA", "PCX", "SGI", "ICNS"])
def test_other_formats_of_pillow_are_refused(format):
    assert "not a JPEG, PNG" in reason_for(saved(noise((64, 64)), format))


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><title>404 Not Found</title>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        b"%!PS-Adobe-3.0 EPSF-3.0",
        os.urandom(3000),
        b"\xff",
    ],
)
def test_pages_drawings_and_garbage_are_refused(data):
    assert reason_for(data)


def test_zero_bytes_are_refused_in_their_own_words():
    assert "zero bytes" in reason_for(b"")


def test_a_jpeg_magic_before_random_bytes_is_refused():
    assert reason_for(b"\xff\xd8\xff" + bytes(range(256)) * 8)


def test_a_file_above_the_limit_is_refused_before_it_is_opened(settings):
    settings.IMAGE_MAX_BYTES = 1024**2

    assert "larger than 1 MiB" in reason_for(b"\xff" * (1024**2 + 1))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(50_000, 50_000), (10_001, 10_000), (12_000, 12_000)])
def test_pixels_are_counted_in_the_header_before_anything_is_decoded(size):
    assert "more than 100 megapixels" in reason_for(png_header(*size))


def test_a_progressive_jpeg_of_countless_scans_is_refused():
    data = saved(PIL.Image.new("L", (4000, 4000)), "JPEG", progressive=True)

    assert "scans" in reason_for(data + b"\xff\xda" * 200)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_shrinking_while_decoding_still_finds_every_truncation(options):
    data = saved(noise((900, 700)).resize((1400, 1000)), "JPEG", **options)
    for end in range(len(data) // 50, len(data) - 1000, len(data) // 50):
        assert reason_for(data[:end])


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_truncated_files_of_every_format_are_refused(format):
    data = saved(noise(), format)
    for part in (4, 2, 1.2):
        assert reason_for(data[: int(len(data) / part)])


def test_sixteen_bit_grey_keeps_its_shades():
    ramp = PIL.Image.frombytes(
        "I;16", (256, 16), b"".join(struct.pack("<H", n << 8) for n in range(256)) * 16
    )
    for data in (saved(ramp, "PNG"), saved(ramp, "TIFF")):
        pixels = pixels_of(images.examine(data).thumbnail)
        for x in (10, 128, 245):
            assert abs(pixels.getpixel((x, 8))[0] - x) < 12


def test_cmyk_is_shown_in_its_colours():
    red = PIL.Image.new("RGB", (64, 64), (200, 30, 40)).convert("CMYK")
    pixels = pixels_of(images.examine(saved(red, "JPEG")).thumbnail)

    assert pixels.getpixel((32, 32))[0] > 150 > 90 > pixels.getpixel((32, 32))[1]


@pytest.mark.parametrize(
    "picture",
    [
        PIL.Image.new("RGBA", (40, 40), (255, 0, 0, 0)),
        PIL.Image.new("LA", (40, 40), (255, 0)),
        PIL.Image.new("RGBA", (40, 40), (0, 0, 0, 0)).quantize(4),
    ],
)
def test_transparent_parts_show_a_neutral_ground(picture):
    pixels = pixels_of(images.examine(saved(picture, "PNG")).thumbnail)

    assert all(abs(value - 128) < 6 for value in pixels.getpixel((20, 20)))


def test_palettes_and_bilevel_pictures_are_accepted():
    for mode in ("P", "1", "L"):
        assert images.examine(saved(noise().convert(mode), "PNG")).width == 97


@pytest.mark.parametrize("said", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(said):
    upright = PIL.Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 40, 20))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(said)
    lying = upright if undo is None else upright.transpose(PIL.Image.Transpose(undo))
    exif = PIL.Image.Exif()
    exif[0x0112] = said

    picture = images.examine(saved(lying, "JPEG", exif=exif, quality=95))

    assert (picture.width, picture.height) == (80, 40)
    pixels = pixels_of(picture.thumbnail)
    assert pixels.getpixel((10, 8))[1] < 90 < 200 < pixels.getpixel((70, 30))[1]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation_is_shown(format):
    frames = [
        PIL.Image.new("RGB", (30, 30), colour) for colour in ("red", "blue", "lime")
    ]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    red, _, blue = pixels_of(images.examine(data).thumbnail).getpixel((15, 15))

    assert red > 200
    assert blue < 60


def test_a_phone_picture_of_several_parts_is_a_jpeg():
    data = saved(noise(), "MPO", save_all=True, append_images=[noise()])

    assert images.examine(data).format == "JPEG"


def test_thumbnails_shrink_to_the_limit_and_never_grow(settings):
    for size, expected_size in [
        ((1000, 500), (320, 160)),
        ((500, 1000), (160, 320)),
        ((320, 200), (320, 200)),
        ((5, 3), (5, 3)),
        ((3000, 1), (320, 1)),
    ]:
        thumbnail = images.examine(saved(noise(size), "PNG")).thumbnail
        assert PIL.Image.open(io.BytesIO(thumbnail)).size == expected_size


@pytest.mark.sample
def test_every_edge_file_ends_as_documented():
    unreadable = {"truncated", "html", "zero", "bomb", "garbage", "script"}
    paths = list((SAMPLE / "edge").iterdir())
    assert unreadable < {path.stem for path in paths}
    for path in paths:
        if path.stem in unreadable:
            assert reason_for(path.read_bytes()).endswith("."), path
        else:
            assert images.examine(path.read_bytes()).thumbnail, path


@pytest.mark.django_db
def test_pictures_are_stored_once_under_their_digest(own_store):
    first, repeated, second = images.store_many([drawn(1), drawn(1), drawn(2)])

    assert first == repeated
    assert first.sha256 != second.sha256
    assert Image.objects.count() == 2
    assert default_storage.open(store.image_name(first.sha256)).read() == drawn(1)
    assert len([path for path in own_store.rglob("*") if path.is_file()]) == 4


@pytest.mark.django_db
def test_unreadable_and_empty_bytes_are_stored_and_distinguished():
    html, empty = images.store_many([b"<html>", b""])

    assert (html.is_readable, html.is_empty) == (False, False)
    assert (empty.is_readable, empty.is_empty) == (False, True)
    assert "not a JPEG" in Image.objects.get(pk=html.image_id).problem
    assert default_storage.exists(store.image_name(html.sha256))
    with pytest.raises(Unreadable):
        images.open_rendition(Image.objects.get(pk=html.image_id))
    with pytest.raises(Unreadable):
        images.open_thumbnail(Image.objects.get(pk=empty.image_id))


@pytest.mark.django_db
def test_files_without_a_row_after_a_crash_get_their_row():
    images.prepare(drawn(3))
    (image,) = images.store_many([drawn(3)])

    assert Image.objects.get(pk=image.image_id).width == 32


@pytest.mark.django_db
def test_storing_again_repairs_a_partial_file():
    (image,) = images.store_many([drawn(4)])
    name = store.image_name(image.sha256)
    with open(default_storage.path(name), "wb") as file:  # noqa: PTH123
        file.write(drawn(4)[:10])
    images.store_many([drawn(4)])

    assert default_storage.open(name).read() == drawn(4)


def test_many_threads_storing_one_digest_leave_one_whole_file(own_store):
    data, start = os.urandom(200_000), threading.Barrier(8)

    def put(_):
        start.wait()
        store.put("images/ab/cd/abcd", data)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(8)))

    files = [path for path in own_store.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["abcd"]
    assert files[0].read_bytes() == data


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_formats_of_browsers_are_served_unchanged_to_admins(format):
    data = saved(noise(), format)
    picture = images.open_original_if_shown(stored(data))

    assert picture.file.read() == data
    assert picture.content_type == f"image/{format.lower()}"


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["TIFF", "BMP"])
def test_admins_see_other_formats_as_renditions(format):
    image = stored(saved(noise((700, 500)), format))
    view = images.open_original_if_shown(image)
    picture = PIL.Image.open(view.file)

    assert (picture.format, picture.size) == ("JPEG", (700, 500))
    assert view.content_type == "image/jpeg"


@pytest.mark.django_db
def test_a_rendition_is_bounded_and_made_once(monkeypatch):
    image = stored(saved(noise((300, 200)).resize((3000, 2000)), "PNG"))
    first = images.open_rendition(image).file.read()
    assert PIL.Image.open(io.BytesIO(first)).size == (2560, 1707)
    monkeypatch.setattr(serving, "render", lambda _: pytest.fail("Made again."))

    assert images.open_rendition(image).file.read() == first


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["TIFF", "JPEG"])
def test_storing_a_large_picture_makes_its_rendition(format):
    picture = PIL.Image.new("RGB", (6000, 3000), "red")
    data = saved(picture, format, compression="tiff_lzw")
    image = stored(data)

    name = store.rendition_name(image.sha256)
    assert PIL.Image.open(default_storage.open(name)).size == (2560, 1280)
    thumbnail = PIL.Image.open(images.open_thumbnail(image))
    assert thumbnail.size == (320, 160)
    assert (image.width, image.height) == (6000, 3000)


@pytest.mark.django_db
def test_while_a_large_rendition_is_made_others_get_the_thumbnail(monkeypatch):
    monkeypatch.setattr(decoding, "LARGE_PIXELS", 100)
    image = stored(seed=7)
    default_storage.delete(store.rendition_name(image.sha256))
    with serving._one_rendition:
        stand_in = images.open_rendition(image)
    assert stand_in.is_stand_in
    assert stand_in.file.read() == images.open_thumbnail(image).read()
    assert not images.open_rendition(image).is_stand_in


@pytest.mark.django_db
@pytest.mark.parametrize("open_file", [images.open_rendition, images.open_thumbnail])
def test_an_erasure_meanwhile_leaves_no_file(open_file, own_store, monkeypatch):
    image = stored(seed=8)
    default_storage.delete(store.thumbnail_name(image.sha256))
    put = store.put

    def erase_first(name, data):
        Image.objects.filter(pk=image.pk).delete()
        images.delete_files(image.sha256)
        put(name, data)

    monkeypatch.setattr(store, "put", erase_first)
    with pytest.raises(NotFound, match="erased"):
        open_file(image)
    assert not [path for path in own_store.rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_a_missing_thumbnail_is_made_on_demand():
    image = stored(seed=5)
    default_storage.delete(store.thumbnail_name(image.sha256))

    assert PIL.Image.open(images.open_thumbnail(image)).format == "WEBP"
    assert default_storage.exists(store.thumbnail_name(image.sha256))


@pytest.mark.django_db
def test_deleted_files_are_reported_as_missing():
    image = stored(seed=6)
    images.open_rendition(image)
    images.delete_files(image.sha256)
    images.delete_files(image.sha256)

    with pytest.raises(NotFound):
        images.open_rendition(image)
    with pytest.raises(NotFound):
        images.open_thumbnail(image)


@pytest.mark.django_db
def test_an_etag_differs_between_users_and_pictures():
    image, second = ImageFactory(), ImageFactory()
    jo, olga = UserFactory(), UserFactory()
    tags = {
        images.etag_for(i, u, kind)
        for i in (image, second)
        for u in (jo, olga)
        for kind in ("original", "rendition")
    }

    assert len(tags) == 8
    assert images.etag_for(image, jo, "a") == images.etag_for(image, jo, "a")
    assert all(tag.startswith('"') for tag in tags)


@pytest.mark.django_db
def test_the_representative_is_the_chosen_one_else_the_first_by_rank():
    entity = EntityFactory()
    assert images.representative_of(entity) == (None, False)

    CandidateFactory(entity=entity, rank=None)
    chosen_candidate = CandidateFactory(entity=entity, rank=7)
    CandidateFactory(entity=entity, rank=0, unreadable=True)
    first = CandidateFactory(entity=entity, rank=2)
    assert images.representative_of(entity) == (first, False)

    entity.representative = chosen_candidate.image.sha256
    assert images.representative_of(entity) == (chosen_candidate, True)

    entity.representative = ImageFactory().sha256
    assert images.representative_of(entity) == (first, False)
