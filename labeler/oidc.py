"""Reads from the environment which OpenID Connect provider people may sign in by."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = ("localhost", "127.0.0.1", "::1")
NEEDED = ("LABELER_OIDC_URL", "LABELER_OIDC_CLIENT_ID", "LABELER_OIDC_SECRET")


def read(env: environ.Env) -> dict[str, str] | None:
    """The provider's url, client_id, secret, name and id; None where none is set.

    The id follows from the address: links to one provider's accounts mean nothing at
    another one.
    """
    given = {name: env.str(name, default="") for name in NEEDED}
    if not any(given.values()):
        return None
    if missing := [name for name, value in given.items() if not value]:
        raise ImproperlyConfigured(f"For OIDC, {missing[0]} is missing.")
    url, client_id, secret = given.values()
    parts = urlsplit(url)
    is_near = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or is_near)):
        raise ImproperlyConfigured("LABELER_OIDC_URL must begin with https://.")
    url = url.rstrip("/")
    return {
        "id": f"oidc-{hashlib.sha256(url.encode()).hexdigest()[:16]}",
        "url": url,
        "client_id": client_id,
        "secret": secret,
        "name": env.str("LABELER_OIDC_NAME", default="") or parts.hostname,
    }


def providers(oidc: dict[str, str] | None) -> dict[str, Any]:
    """The same as django-allauth wants it."""
    if oidc is None:
        return {}
    app = {
        "provider_id": oidc["id"],
        "name": oidc["name"],
        "client_id": oidc["client_id"],
        "secret": oidc["secret"],
        "settings": {"server_url": oidc["url"], "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}
