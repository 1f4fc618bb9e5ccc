"""A simulated judge in a browser, who counts every action: a key or a click."""

from collections.abc import Sequence

from playwright.sync_api import Page

WAYS = ("mouse", "keys and mouse", "keys", "touch")


class Hand:
    """Does what a person does and counts it; `pause` seconds before each action."""

    def __init__(self, page: Page, pause: float = 0) -> None:
        self.page = page
        self.pause = pause
        self.actions = 0

    def press(self, key: str) -> None:
        """One key."""
        self._act()
        self.page.keyboard.press(key)

    def click(self, selector: str, place: int = 0, *, touches: bool = False) -> None:
        """One click or tap."""
        self._act()
        target = self.page.locator(selector).nth(place)
        target.tap() if touches else target.click()

    def swipe(self) -> bool:
        """One swipe up, half a screen and more; False where the page has ended."""
        moved = self.page.evaluate(
            """() => { const before = scrollY; scrollBy(0, innerHeight * 0.6);
                       return scrollY > before; }"""
        )
        if moved:
            self._act()
            self.page.wait_for_timeout(100)  # the browser sees what has come into view
        return bool(moved)

    def _act(self) -> None:
        self.actions += 1
        if self.pause:
            self.page.wait_for_timeout(self.pause * 1000)


def work_off(hand: Hand, wrong: Sequence[int], count: int, way: str) -> None:
    """Label a page on which the pictures at `wrong` are no and the others yes.

    Whichever of the two are fewer are marked one by one, the rest is filled, and the
    page is handed in. The brush stays as it was left, as it does for a person.
    """
    rare, common = ("no", "yes") if len(wrong) * 2 <= count else ("yes", "no")
    chosen = set(wrong) if rare == "no" else set(range(count)) - set(wrong)
    if way == "keys":
        _by_keys(hand, sorted(chosen), rare)
    else:
        _by_pointer(hand, sorted(chosen), rare, touches=way == "touch")
    _finish(hand, common, way)


def _by_keys(hand: Hand, chosen: Sequence[int], rare: str) -> None:
    columns = int(hand.page.locator(".tiles").get_attribute("data-columns") or 1)
    at = 0
    for place in chosen:
        for key in _way(at, place, columns):
            hand.press(key)
        hand.press({"yes": "1", "no": "2"}[rare])
        at = place + 1  # the next tile without a verdict


def _way(at: int, place: int, columns: int) -> list[str]:
    rows = place // columns - at // columns
    aside = place % columns - at % columns
    across = ["ArrowRight"] * aside if aside > 0 else ["ArrowLeft"] * -aside
    straight = ["ArrowRight"] * (place - at)
    turned = ["ArrowDown"] * rows + across
    return min(straight, turned, key=len) if rows >= 0 else straight


def _by_pointer(hand: Hand, chosen: Sequence[int], rare: str, *, touches: bool) -> None:
    brush = f'[data-brush="{rare}"]'
    if chosen and hand.page.locator(brush).get_attribute("aria-pressed") != "true":
        hand.click(brush, touches=touches)
    for place in chosen:
        hand.click(".tile", place, touches=touches)


def _finish(hand: Hand, common: str, way: str) -> None:
    if way in ("mouse", "touch"):
        touches = way == "touch"
        # A fill takes only what has been on the screen.
        while touches and hand.swipe():
            pass
        hand.click(f'[data-act="rest-{common}"]', touches=touches)
        hand.click('[data-act="confirm"]', touches=touches)
        hand.click("#submit", touches=touches)
    else:
        hand.press({"yes": "r", "no": "t"}[common])
        hand.press("Enter")
        hand.press("Enter")
