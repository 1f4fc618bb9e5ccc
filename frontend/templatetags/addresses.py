"""Addresses from imported rows."""

from django import template

register = template.Library()


@register.filter
def web(address: str | None) -> str:
    """Return an HTTP address unchanged, and an empty string for any other text."""
    text = (address or "").strip()
    return text if text.lower().startswith(("https://", "http://")) else ""
