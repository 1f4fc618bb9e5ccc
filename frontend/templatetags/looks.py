"""How a person wants the pages to look, and whether the guidelines are news."""

import hashlib

from django import template
from django.template import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

# What the cookies of `settings.js` may say; anything else is as good as nothing.
WORN = {"theme": ("light", "dark"), "surround": ("white", "grey", "black")}


@register.simple_tag(takes_context=True)
def worn(context: Context) -> SafeString:
    """The attributes of the page's root: theme and background, where they were chosen."""
    cookies = context["request"].COOKIES
    chosen = [
        (name, cookies[f"labeler_{name}"])
        for name, values in WORN.items()
        if cookies.get(f"labeler_{name}") in values
    ]
    return format_html_join("", ' data-{}="{}"', chosen)


@register.filter
def version(guidelines: str) -> str:
    """A short name that changes with the text; the usual guidelines have one, too."""
    return hashlib.sha256(guidelines.encode()).hexdigest()[:16]
