"""What the environment may say of a sign-in provider."""

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from labeler import oidc

GIVEN = {
    "LABELER_OIDC_URL": "https://id.example.org/realm/",
    "LABELER_OIDC_CLIENT_ID": "labeler",
    "LABELER_OIDC_SECRET": "secret",
}


def read(**given):
    env = environ.Env()
    env.ENVIRON = given
    return oidc.read(env)


def test_nothing_set_is_no_provider():
    assert read() is None
    assert read(LABELER_OIDC_NAME="Example", LABELER_OIDC_URL="") is None
    assert oidc.providers(None) == {}


def test_its_name_is_its_host_unless_given():
    assert read(**GIVEN)["name"] == "id.example.org"
    assert read(**GIVEN, LABELER_OIDC_NAME="Example")["name"] == "Example"


def test_links_to_one_provider_mean_nothing_at_another():
    other = GIVEN | {"LABELER_OIDC_URL": "https://id.example.com"}
    same = GIVEN | {"LABELER_OIDC_URL": "https://id.example.org/realm"}
    assert read(**GIVEN)["id"] == read(**same)["id"] != read(**other)["id"]


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_missing_is_named(name):
    with pytest.raises(ImproperlyConfigured, match=name):
        read(**{k: v for k, v in GIVEN.items() if k != name})


@pytest.mark.parametrize("url", ["http://id.example.org", "id.example.org", "https:x"])
def test_secrets_are_not_sent_in_the_open(url):
    with pytest.raises(ImproperlyConfigured, match="https://"):
        read(**GIVEN | {"LABELER_OIDC_URL": url})


def test_on_loopback_plain_http_will_do():
    assert read(**GIVEN | {"LABELER_OIDC_URL": "http://127.0.0.1:9400"})
