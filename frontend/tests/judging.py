"""A simulated judge in a browser. Every key and click is counted."""

from collections.abc import Sequence

from playwright.sync_api import Page

WAYS = ("mouse", "keys and mouse", "keys", "touch")


class Hand:
    """Acts like a person and counts the actions, `pause` seconds before each one."""

    def __init__(self, page: Page, pause: float = 0) -> None:
        self.page = page
        self.pause = pause
        self.actions = 0

    def press(self, key: str) -> None:
        """Press one key."""
        self._act()
        self.page.keyboard.press(key)

    def click(self, selector: str, place: int = 0, *, touches: bool = False) -> None:
        """Click or tap once."""
        self._act()
        target = self.page.locator(selector).nth(place)
        target.tap() if touches else target.click()

    def swipe(self) -> bool:
        """Swipe up by more than half a screen. Return False at the end of the page."""
        has_moved = self.page.evaluate(
            """() => { const before = scrollY; scrollBy(0, innerHeight * 0.6);
                       return scrollY > before; }"""
        )
        if has_moved:
            self._act()
            self.page.wait_for_timeout(
                100
            )  # so that the browser reports the pictures in view
        return bool(has_moved)

    def _act(self) -> None:
        self.actions += 1
        if self.pause:
            self.page.wait_for_timeout(self.pause * 1000)


def work_off(hand: Hand, wrong: Sequence[int], count: int, way: str) -> None:
    """Label a page on which the pictures at `wrong` are no and the others yes.

    Mark the rarer verdict one by one, fill the rest, and submit the page. The brush is
    not reset, as for a person.
    """
    rare, common = ("no", "yes") if len(wrong) * 2 <= count else ("yes", "no")
    positions = set(wrong) if rare == "no" else set(range(count)) - set(wrong)
    if way == "keys":
        _by_keys(hand, sorted(positions), rare)
    else:
        _by_pointer(hand, sorted(positions), rare, touches=way == "touch")
    _finish(hand, common, way)


def _by_keys(hand: Hand, positions: Sequence[int], rare: str) -> None:
    columns = int(hand.page.locator(".tiles").get_attribute("data-columns") or 1)
    focus = 0
    for position in positions:
        for key in _shortest_way(focus, position, columns):
            hand.press(key)
        hand.press({"yes": "1", "no": "2"}[rare])
        focus = position + 1  # the next tile without a verdict


def _shortest_way(start: int, end: int, columns: int) -> list[str]:
    rows = end // columns - start // columns
    steps = end % columns - start % columns
    sideways = ["ArrowRight"] * steps if steps > 0 else ["ArrowLeft"] * -steps
    straight = ["ArrowRight"] * (end - start)
    by_rows = ["ArrowDown"] * rows + sideways
    return min(straight, by_rows, key=len) if rows >= 0 else straight


def _by_pointer(
    hand: Hand, positions: Sequence[int], rare: str, *, touches: bool
) -> None:
    brush = f'[data-brush="{rare}"]'
    if positions and hand.page.locator(brush).get_attribute("aria-pressed") != "true":
        hand.click(brush, touches=touches)
    for position in positions:
        hand.click(".tile", position, touches=touches)


def _finish(hand: Hand, common: str, way: str) -> None:
    if way in ("mouse", "touch"):
        touches = way == "touch"
        # A fill marks only pictures that were visible.
        while touches and hand.swipe():
            pass
        hand.click(f'[data-act="rest-{common}"]', touches=touches)
        hand.click('[data-act="confirm"]', touches=touches)
        hand.click("#submit", touches=touches)
    else:
        hand.press({"yes": "r", "no": "t"}[common])
        hand.press("Enter")
        hand.press("Enter")
