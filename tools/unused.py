"""Code that nothing uses: `python -m tools.unused`.

vulture looks for names that appear only once in the code that is deployed. This program
adds the knowledge that vulture lacks: templates use names too, and Django, REST framework
and Celery call functions by convention. Tests do not count as a use.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import vulture

ROOT = Path(__file__).resolve().parent.parent
PATHS = (
    *("annotations", "frontend", "labeler", "deploy", "benchmarks", "tools"),
    *("conftest.py", "manage.py"),
)
NOT_DEPLOYED = ["*/migrations/*", "*/tests/*"]
TEMPLATES = ("frontend/templates/**/*.html", "annotations/templates/**/*")
KINDS = {"function", "method", "property", "class", "unreachable_code"}
# A framework finds these by their decorator or name.
DECORATORS = [
    "@action",
    "@admin.register",
    "@register.*",
    "@shared_task*",
    "@task*",
]
CONVENTIONS = [
    "Command",
    "*Config",
    "get_*",
    "clean_*",
    "has_*_permission",
    "form_valid",
]
# Overridden or called by Django, REST framework, knox, allauth, or a dotted path.
ALLOWED = [
    *("authenticate_header", "has_permission", "select_parser", "select_renderer"),
    *("to_python", "to_url", "retrieve", "partial_update", "destroy"),
    *("TokenScheme", "_is_list_view"),
    *("from_db_value", "value_to_string", "valid_value"),
    *("create_superuser", "is_superuser", "has_perm", "has_module_perms"),
    *("Faces", "WholePicture", "Collected"),
    *("pre_social_login", "on_authentication_error", "is_open_for_signup"),
    *("pytest_*", "django_db_modify_db_settings", "_split_scope"),
]


def unused() -> Iterator[str]:
    """Yield one line for each unused function, method, property or class."""
    scanner = vulture.Vulture(
        ignore_names=[*CONVENTIONS, *ALLOWED], ignore_decorators=DECORATORS
    )
    scanner.scavenge([str(ROOT / name) for name in PATHS], exclude=NOT_DEPLOYED)
    template_names = _template_names()
    for item in scanner.get_unused_code():
        path = Path(item.filename).relative_to(ROOT)
        # `benchmarks` finds its functions by their signature.
        is_found = item.name in template_names or path.parts[0] == "benchmarks"
        if item.typ in KINDS and not is_found:
            yield f"{path}:{item.first_lineno}: unused {item.typ} {item.name}"


def _template_names() -> set[str]:
    texts = (
        p.read_text() for glob in TEMPLATES for p in ROOT.glob(glob) if p.is_file()
    )
    return {name for text in texts for name in re.findall(r"\w+", text)}


if __name__ == "__main__":
    lines = list(unused())
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(1 if lines else 0)
