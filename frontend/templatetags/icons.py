"""The drawings of `parts/icons.html`, used inside text and buttons."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, style: str = "") -> SafeString:
    """Return a drawing by the name of its symbol, for example `sign-yes` or `logo`.

    Icons are decorative: the text beside them carries the meaning.
    """
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="#{}"></use></svg>',
        f" {style}" if style else "",
        name,
    )


@register.simple_tag
def verdict_icon(verdict: str) -> SafeString:
    """Return the drawing of a verdict: yes, no or broken."""
    return icon(f"sign-{verdict}")
