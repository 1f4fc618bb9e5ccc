"""The accessible names of tiles."""

from django import template

from annotations.page import Tile

register = template.Library()


@register.simple_tag
def tile_label(tile: Tile, number: int, total: int) -> str:
    """Return a tile's accessible name. The script `grid/tiles.js` updates it."""
    state = ""
    if tile.is_erased:
        state = ", removed"
    elif tile.is_unreadable:
        state = ", broken file"
    verdict = tile.verdict or "not marked"
    comment = f". comment: {tile.reason}" if tile.reason else ""
    return f"Picture {number} of {total}{state}: {verdict}{comment}"
