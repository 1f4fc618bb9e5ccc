"""Files that are no pictures, as a crawl brings them home; all are called .jpg."""

from labeler.demo.canvas import Generator
from labeler.demo.photo import Pixels, jpeg

KINDS = ("truncated", "html", "garbage", "empty")


def make(kind: str, pixels: Pixels, rng: Generator) -> bytes:
    """Give the bytes of a broken file of this kind."""
    if kind == "truncated":
        whole = jpeg(pixels)
        return whole[: int(len(whole) * rng.uniform(0.2, 0.5))]
    if kind == "html":
        number = int(rng.integers(1 << 30))
        return (
            "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
            f"<body><h1>Not Found</h1><p>Request {number}</p></body></html>\n"
        ).encode()
    if kind == "garbage":
        return rng.bytes(int(rng.integers(900, 3000)))
    return b""
