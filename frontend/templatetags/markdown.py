"""Guidelines in Markdown as safe HTML, without own tags and without pictures."""

import re
from collections.abc import Sequence

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

register = template.Library()

SAFE_LINK = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
HIGHEST_LEVEL = 3  # the headings of the page itself are h1 and h2
LOWEST_LEVEL = 6
NEW_TAB = {"target": "_blank", "rel": "noopener noreferrer nofollow"}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable("table").disable("image")
    parser.validateLink = lambda url: SAFE_LINK.match(url.strip()) is not None  # type: ignore[method-assign]
    return parser


PARSER = _parser()


@register.filter
def markdown(text: str) -> SafeString:
    """Return the HTML of a text. HTML tags in the text are shown as text."""
    tokens = PARSER.parse(text)
    _lower_headings(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs |= NEW_TAB
    # Safe, because all markup comes from the renderer: the parser creates no HTML tokens.
    html: str = PARSER.renderer.render(tokens, PARSER.options, {})
    return mark_safe(html)


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Put the headings below those of the page, without skipping a level."""
    headings = [token for token in tokens if token.type.startswith("heading_")]
    tags = sorted({token.tag for token in headings})
    levels = {tag: min(HIGHEST_LEVEL + n, LOWEST_LEVEL) for n, tag in enumerate(tags)}
    for token in headings:
        token.tag = f"h{levels[token.tag]}"
