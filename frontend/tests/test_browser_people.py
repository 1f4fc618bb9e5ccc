"""Pages of people in a real browser: accessibility, keys, touch and invitations."""

import re

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.urls import reverse
from django.utils.http import urlsafe_base64_encode
from playwright.sync_api import expect

from annotations import people
from annotations.models import Invitation, User
from annotations.tests.factories import UserFactory

from .accessibility import PHONE, SCROLLS_SIDEWAYS, assert_accessible, assert_large
from .screen import press

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def forgetful_cache():
    cache.clear()


@pytest.fixture(params=["light", "dark"])
def theme(request):
    """The colour scheme of the system."""
    return {"color_scheme": request.param}


@pytest.fixture
def crowd(admin, judge):
    """People and invitations for every part of the pages."""
    UserFactory(username="gone", is_active=False)
    UserFactory(username="a.name-that+goes_on@and-on-and-on-for-ever.example")
    people.invite(email="new@example.org", roles=["judge", "adjudicator"], by=admin)
    _, secret = people.invite(roles=["judge"], by=admin)
    return reverse("invitation", args=[secret])


def pages_of_admins():
    names = ["people", ("person", "jo"), ("person", "gone")]
    return [
        reverse(name) if isinstance(name, str) else reverse(name[0], args=[name[1]])
        for name in names
    ]


def pages_of_strangers(invitation, person):
    uid = urlsafe_base64_encode(str(person.pk).encode())
    token = default_token_generator.make_token(person)
    return [
        invitation,
        reverse("invitation", args=["x"]),
        reverse("forgotten"),
        reverse("reset-password", args=[uid, token]),
        reverse("reset-password", args=[uid, "x-y"]),
    ]


def test_an_admins_pages_of_people_are_accessible(opened, admin, crowd, theme):
    page = opened(admin, "/", **theme)
    for address in [*pages_of_admins(), reverse("people") + "?name=zz"]:
        page.goto(address)
        assert_accessible(page)


def test_strangers_pages_are_accessible(opened, judge, crowd, theme):
    page = opened(None, "/", **theme)
    for address in pages_of_strangers(crowd, judge):
        page.goto(address)
        assert_accessible(page)
    page.goto(reverse("forgotten"))
    page.get_by_label("E-mail address").fill("x")
    page.locator("form").evaluate("form => form.noValidate = true")
    press(page, "Enter")
    expect(page.get_by_text("Enter a valid email address.")).to_be_visible()
    assert_accessible(page)


def test_nothing_scrolls_sideways_and_fingers_find_everything(
    opened, admin, judge, crowd
):
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    page = opened(admin, "/", **phone)
    for address in pages_of_admins():
        page.goto(address)
        assert not page.evaluate(SCROLLS_SIDEWAYS), address
        assert_large(page, "main button:visible, main .button")
    page = opened(None, "/", **phone)
    for address in pages_of_strangers(crowd, judge):
        page.goto(address)
        assert not page.evaluate(SCROLLS_SIDEWAYS), address
        assert_large(page, "button:visible, .button, .aside")


def test_from_the_invitation_to_the_first_page_by_keys_alone(opened, admin):
    page = opened(admin, reverse("people"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("E-mail address").focus()
    page.keyboard.type("new@example.org")
    press(page, "Tab", "Tab", "Space", "Enter")
    link = page.get_by_label("Invitation link")
    expect(link).to_have_value(re.compile("/invitations/"))
    assert_accessible(page)
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == link.input_value()
    assert Invitation.objects.get().roles == ["judge", "adjudicator"]
    guest = opened(None, address)
    guest.get_by_label("Name").focus()
    guest.keyboard.type("newcomer")
    press(guest, "Tab")
    guest.keyboard.type(PASSWORD)
    press(guest, "Tab")
    guest.keyboard.type(PASSWORD)
    press(guest, "Enter")
    expect(guest.get_by_role("heading", name="Hello, newcomer")).to_be_visible()
    page.goto(reverse("people"))
    expect(page.get_by_role("link", name="newcomer")).to_be_visible()
    expect(page.get_by_text("There are no open invitations.")).to_be_visible()


def test_somebody_is_let_out_and_in_again(opened, admin, judge):
    page = opened(admin, reverse("people"))
    page.get_by_label("Name begins with").fill("JO")
    press(page, "Enter")
    page.get_by_role("link", name="jo", exact=True).click()
    page.get_by_label("Adjudicator").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Deactivate jo").click()
    expect(page.get_by_text("jo is deactivated.")).to_be_visible()
    assert not User.objects.get(pk=judge.pk).is_active
    page.get_by_role("button", name="Reactivate jo").click()
    expect(page.get_by_text("jo can sign in again.")).to_be_visible()
    assert User.objects.get(pk=judge.pk).roles == ["judge", "adjudicator"]
