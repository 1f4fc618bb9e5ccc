"""Bytes become safe pictures: a guarded decode, stored once by digest, a thumbnail.

`examine` decides what is a picture, `store_many` keeps bytes, `open_image` and
`open_thumbnail` give what a browser may show. `prepare` and `record` are the two halves
of keeping, for callers with their own threads and transaction.
"""

from .decoding import Picture, examine
from .keeping import Prepared, Stored, cores, known_rows, prepare, record, store_many
from .serving import (
    etag_for,
    open_image,
    open_pixels,
    open_thumbnail,
    representative_of,
)
from .store import delete_files

__all__ = [
    "Picture",
    "Prepared",
    "Stored",
    "cores",
    "delete_files",
    "etag_for",
    "examine",
    "known_rows",
    "open_image",
    "open_pixels",
    "open_thumbnail",
    "prepare",
    "record",
    "representative_of",
    "store_many",
]
