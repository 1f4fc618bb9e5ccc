"""The list of keyboard shortcuts on the judge's page."""

from django import template

register = template.Library()


@register.inclusion_tag("frontend/parts/shortcut.html")
def shortcut(act: str, keys: str, effect: str) -> dict[str, str]:
    """Show the keys of an action, its effect, and a button to change the key.

    `keys` are the default keys, one character each. The script replaces them with
    the judge's own.
    """
    return {"act": act, "keys": keys, "effect": effect}
