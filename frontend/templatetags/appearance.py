"""How a person wants pages to look, and whether the guidelines have changed."""

import hashlib

from django import template
from django.template import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

# The values that `settings.js` writes into its cookies. Any other value is ignored.
CHOICES = {"theme": ("light", "dark"), "surround": ("white", "grey", "black")}


@register.simple_tag(takes_context=True)
def appearance(context: Context) -> SafeString:
    """Return the attributes of the root element: the theme and background, if chosen."""
    cookies = context["request"].COOKIES
    attributes = [
        (name, cookies[f"labeler_{name}"])
        for name, values in CHOICES.items()
        if cookies.get(f"labeler_{name}") in values
    ]
    return format_html_join("", ' data-{}="{}"', attributes)


@register.filter
def version(guidelines: str) -> str:
    """Return a short digest of a batch's guidelines. An empty text has one, too."""
    return hashlib.sha256(guidelines.encode()).hexdigest()[:16]
