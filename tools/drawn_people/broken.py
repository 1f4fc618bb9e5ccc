"""Files that are not pictures, as a web crawl collects them. All are named .jpg."""

from tools.drawn_people.canvas import Generator
from tools.drawn_people.photo import Pixels, jpeg

KINDS = ("truncated", "html", "garbage", "empty")


def make(kind: str, pixels: Pixels, rng: Generator) -> bytes:
    """Return the bytes of a broken file of this kind."""
    if kind == "truncated":
        whole = jpeg(pixels)
        return whole[: int(len(whole) * rng.uniform(0.2, 0.5))]
    if kind == "html":
        request_id = int(rng.integers(1 << 30))
        return (
            "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
            f"<body><h1>Not Found</h1><p>Request {request_id}</p></body></html>\n"
        ).encode()
    if kind == "garbage":
        return rng.bytes(int(rng.integers(900, 3000)))
    return b""
