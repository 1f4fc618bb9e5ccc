"""Prefetches items in another thread while the database works."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
AHEAD = 3
POLL_SECONDS = 0.2


class _End:
    """The last item of the thread, with the error that ended it, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def prefetch(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Yield the same items, a few of them computed ahead. The end of the block stops it."""
    ready: queue.Queue[Item | _End] = queue.Queue(AHEAD)
    stop = threading.Event()
    thread = threading.Thread(
        target=_work, args=(items, ready, stop), name="intake-reader", daemon=True
    )
    thread.start()
    try:
        yield _items(ready)
    finally:
        stop.set()
        thread.join()


def _work(
    items: Iterator[Item], ready: "queue.Queue[Item | _End]", stop: threading.Event
) -> None:
    try:
        for item in items:
            if not _put(item, ready, stop):
                return
    except BaseException as error:  # raised again in the thread that reads the items
        _put(_End(error), ready, stop)
    else:
        _put(_End(), ready, stop)


def _put(
    item: Item | _End, ready: "queue.Queue[Item | _End]", stop: threading.Event
) -> bool:
    while not stop.is_set():
        try:
            ready.put(item, timeout=POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False


def _items(ready: "queue.Queue[Item | _End]") -> Iterator[Item]:
    while not isinstance(item := ready.get(), _End):
        yield item
    if item.error is not None:
        raise item.error
