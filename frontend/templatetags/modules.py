"""Links that let the browser load all modules of a page at once."""

from functools import cache
from pathlib import Path

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

STATIC = Path(__file__).parent.parent / "static"


@register.simple_tag
def modules(*names: str) -> SafeString:
    """Return `modulepreload` links for modules and for all modules of folders.

    Without them, a browser requests a module only after the module that imports it.
    """
    addresses = [(static(file),) for name in names for file in _files(name)]
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', addresses)


@cache
def _files(name: str) -> list[str]:
    path = STATIC / name
    files = [path] if path.is_file() else sorted(path.glob("*.js"))
    return [file.relative_to(STATIC).as_posix() for file in files]
