"""The settings of a sign-in provider."""

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from labeler import oidc

SETTINGS = {
    "LABELER_OIDC_URL": "https://id.example.org/realm/",
    "LABELER_OIDC_CLIENT_ID": "labeler",
    "LABELER_OIDC_SECRET": "secret",
}


def read(**values):
    env = environ.Env()
    env.ENVIRON = values
    return oidc.read(env)


def test_without_settings_there_is_no_provider():
    assert read() is None
    assert read(LABELER_OIDC_NAME="Example", LABELER_OIDC_URL="") is None
    assert oidc.providers(None) == {}


def test_the_name_is_the_host_unless_it_is_set():
    assert read(**SETTINGS)["name"] == "id.example.org"
    assert read(**SETTINGS, LABELER_OIDC_NAME="Example")["name"] == "Example"


def test_another_url_is_another_provider():
    other = SETTINGS | {"LABELER_OIDC_URL": "https://id.example.com"}
    same = SETTINGS | {"LABELER_OIDC_URL": "https://id.example.org/realm"}
    assert read(**SETTINGS)["id"] == read(**same)["id"] != read(**other)["id"]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_missing_setting_is_named(name):
    with pytest.raises(ImproperlyConfigured, match=name):
        read(**{k: v for k, v in SETTINGS.items() if k != name})


@pytest.mark.parametrize("url", ["http://id.example.org", "id.example.org", "https:x"])
def test_a_provider_without_tls_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="https://"):
        read(**SETTINGS | {"LABELER_OIDC_URL": url})


def test_plain_http_is_allowed_on_loopback():
    assert read(**SETTINGS | {"LABELER_OIDC_URL": "http://127.0.0.1:9400"})
