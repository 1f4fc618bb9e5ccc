"""The frame that a manifest gives around a face."""

from collections.abc import Sequence

from django import template

register = template.Library()


@register.inclusion_tag("frontend/parts/frame.html")
def frame(corners: Sequence[float]) -> dict[str, str]:
    """Draw a rectangle. Its corners x1, y1, x2, y2 are fractions of the picture."""
    x1, y1, x2, y2 = corners
    sides = {"x": x1, "y": y1, "width": x2 - x1, "height": y2 - y1}
    return {name: f"{100 * share:.4g}%" for name, share in sides.items()}
