"""Collected static files, with digests in their names and in `import` lines of modules."""

from collections.abc import Callable
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

Convert = Callable[[Any], str]

OURS = "frontend/"
# Django's own pattern also matches `import("…")` in a comment, which only names a type. It
# does not terminate if two modules name each other's types.
IMPORT = (
    r"""(?m:^)(?P<matched>import(?P<names>\s[^;'"]*?)\s+from\s+["'](?P<url>[./][^"']*)["'];)""",
    'import%(names)s from "%(url)s";',
)


class Collected(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """A storage that rewrites the `import` lines of our modules, so that they can be cached."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("*.js", (IMPORT,)))

    def url_converter(
        self, name: str, hashed_files: Any, template: str | None = None
    ) -> Convert:
        """Do not rewrite vendored scripts: they can import files that are not served."""
        if name.endswith(".js") and not name.startswith(OURS):
            return lambda match: match.group()
        convert: Convert = super().url_converter(name, hashed_files, template)
        return convert
