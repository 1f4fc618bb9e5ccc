"""One line of a list of facts: a label and its value."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag
def fact(content: str, *label: object) -> SafeString:
    """Return a label and its value as one group of a `dl` element.

    The arguments are the words of the label.
    """
    words = " ".join(map(str, label))
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", words, content)
