"""Pictures: safe decoding, storage by digest, renditions and thumbnails.

`examine` checks and decodes a picture, `store_many` stores pictures, `open_rendition` and
`open_thumbnail` return bytes that are safe in a browser. `prepare` and `record` are the
two halves of `store_many`, for callers with their own threads and transaction.
"""

from .decoding import Picture, examine
from .serving import (
    THUMBNAIL_TYPE,
    OpenPicture,
    etag_for,
    open_original,
    open_original_if_shown,
    open_pixels,
    open_rendition,
    open_thumbnail,
    representative_of,
)
from .store import delete_files
from .storing import (
    PreparedImage,
    StoredImage,
    cores,
    find_stored,
    prepare,
    record,
    store_many,
)

__all__ = [
    "THUMBNAIL_TYPE",
    "OpenPicture",
    "Picture",
    "PreparedImage",
    "StoredImage",
    "cores",
    "delete_files",
    "etag_for",
    "examine",
    "find_stored",
    "open_original",
    "open_original_if_shown",
    "open_pixels",
    "open_rendition",
    "open_thumbnail",
    "prepare",
    "record",
    "representative_of",
    "store_many",
]
