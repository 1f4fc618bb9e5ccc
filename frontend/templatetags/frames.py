"""Draws the frame that a manifest gave round a face."""

from collections.abc import Sequence

from django import template

register = template.Library()


@register.inclusion_tag("frontend/parts/frame.html")
def frame(corners: Sequence[float]) -> dict[str, str]:
    """A rectangle by its corners x1 y1 x2 y2, which are shares of the picture."""
    left, top, right, bottom = corners
    sides = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {name: f"{100 * share:.4g}%" for name, share in sides.items()}
