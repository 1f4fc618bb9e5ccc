"""PNG files without chunks that do not change how the picture looks."""

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Transparency, colour profile and orientation. All other ancillary chunks are metadata.
VISIBLE = (b"tRNS", b"iCCP", b"eXIf")
PROFILE = b"iCCP"
PROFILE_MAX_BYTES = 1024 * 1024  # decompressed; Pillow refuses pictures with more
FRAME = 12  # bytes of a chunk's length, name and checksum
ANCILLARY = 0x20  # this bit of the name's first letter


def without_metadata(data: bytes) -> bytes:
    """Return a PNG without metadata and without damaged ancillary chunks.

    Browsers ignore damage there, while Pillow refuses the whole picture. Critical chunks
    are not checked here. Other formats are returned unchanged.
    """
    if not data.startswith(SIGNATURE):
        return data
    return b"".join([SIGNATURE, *_visible_chunks(memoryview(data))])


def _visible_chunks(data: memoryview) -> Iterator[memoryview]:
    start = len(SIGNATURE)
    while start + FRAME <= len(data):
        end = start + FRAME + int.from_bytes(data[start : start + 4])
        if end > len(data):
            break
        chunk = data[start:end]
        if not chunk[4] & ANCILLARY or _is_visible(chunk):
            yield chunk
        start = end
    yield data[start:]  # truncated: the decoder says so


def _is_visible(chunk: memoryview) -> bool:
    name, body = bytes(chunk[4:8]), chunk[8:-4]
    if name not in VISIBLE or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
        return False
    return name != PROFILE or _is_profile(bytes(body))


def _is_profile(body: bytes) -> bool:
    """Check that a profile decompresses, and not to an unlimited size."""
    _, _, packed = body.partition(b"\0")
    if packed[:1] != b"\0":  # the only method of compression
        return False
    decompressor = zlib.decompressobj()
    try:
        decompressor.decompress(packed[1:], PROFILE_MAX_BYTES)
    except zlib.error:
        return False
    return decompressor.eof
