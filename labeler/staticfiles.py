"""Collected static files: digests in their names, also where modules import modules."""

from collections.abc import Callable
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = "frontend/"
# Django's own pattern takes `import("…")` in a comment, which only names a type, for an
# import as well, and goes in circles where two modules name each other's types.
IMPORT = (
    r"""(?m:^)(?P<matched>import(?P<names>\s[^;'"]*?)\s+from\s+["'](?P<url>[./][^"']*)["'];)""",
    'import%(names)s from "%(url)s";',
)


class Collected(CompressedManifestStaticFilesStorage):
    """Rewrites the `import` lines of our modules, so that each is cached for good."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("*.js", (IMPORT,)))

    def url_converter(
        self, name: str, hashed_files: Any, template: str | None = None
    ) -> Callable[[Any], str]:
        """Scripts of others stay as they came: they may import what nobody serves."""
        if name.endswith(".js") and not name.startswith(OURS):
            return lambda match: match.group()
        return super().url_converter(name, hashed_files, template)
