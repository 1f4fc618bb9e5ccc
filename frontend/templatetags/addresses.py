"""Addresses that came from outside."""

from django import template

register = template.Library()


@register.filter
def web(address: str | None) -> str:
    """The address if a browser may follow it, else nothing: rows may hold anything."""
    text = (address or "").strip()
    return text if text.lower().startswith(("https://", "http://")) else ""
