"""Guidelines in Markdown, as safe HTML: no tags of theirs, no pictures, no other pages."""

import re
from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

register = template.Library()

FOLLOWED = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
HIGHEST = 3  # the page's own headings are h1 and h2
LOWEST = 6
AWAY = {"target": "_blank", "rel": "noopener noreferrer nofollow"}


def _made() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.enable("table").disable("image")
    reader.validateLink = lambda url: FOLLOWED.match(url.strip()) is not None  # type: ignore[method-assign]
    return reader


READER = _made()


@register.filter
def markdown(text: str) -> SafeString:
    """HTML of a text. Whatever tags it holds are shown as they are written."""
    tokens = READER.parse(text)
    _lower(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs |= AWAY
    # Markup comes from the renderer alone: the parser makes no tokens of HTML.
    html: str = READER.renderer.render(tokens, READER.options, {})
    return mark_safe(html)


def _lower(tokens: Sequence[Token]) -> None:
    """Headings below the page's own, without a step left out."""
    headings = [token for token in tokens if token.type.startswith("heading_")]
    used = sorted({token.tag for token in headings})
    levels = {tag: min(HIGHEST + n, LOWEST) for n, tag in enumerate(used)}
    for token in headings:
        token.tag = f"h{levels[token.tag]}"
