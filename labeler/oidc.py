"""The OpenID Connect provider for signing in, from the environment."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = ("localhost", "127.0.0.1", "::1")
REQUIRED = ("LABELER_OIDC_URL", "LABELER_OIDC_CLIENT_ID", "LABELER_OIDC_SECRET")


def read(env: environ.Env) -> dict[str, str] | None:
    """Return the provider's url, client_id, secret, name and id, or None if none is set.

    The id is derived from the URL, because an account link is valid for one provider only.
    """
    values = {name: env.str(name, default="") for name in REQUIRED}
    if not any(values.values()):
        return None
    if unset := [name for name, value in values.items() if not value]:
        raise ImproperlyConfigured(f"OIDC also needs {unset[0]}.")
    url, client_id, secret = values.values()
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or is_local)):
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
    """Return the provider in the format of django-allauth."""
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
