"""Checks of accessibility and of sizes in the browser."""

from axe_playwright_python.sync_playwright import Axe

PHONE = {"width": 390, "height": 844}
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
SCROLLS_DOWN = "document.documentElement.scrollHeight > window.innerHeight"


def assert_accessible(page) -> None:
    """Assert that axe reports no violation."""
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()


def assert_all_accessible(page, addresses) -> None:
    """Assert that every page is accessible, fits its window and obeys the security policy."""
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("load")
        assert_accessible(page)
        assert not page.evaluate(SCROLLS_SIDEWAYS), address
    assert [c for c in complaints if "Security" in c or "violat" in c] == []


def assert_large(page, targets) -> None:
    """Assert that every target is large enough for a finger."""
    locators = page.locator(targets).all()
    assert locators, targets
    for target in locators:
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 44, target
