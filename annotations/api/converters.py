"""The types of path parameters. A path that does not match them answers 404, not 500."""

from django.urls import register_converter


class IdConverter:
    """The id of a row. 18 digits always fit into a bigint."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the id."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Return its digits."""
        return str(value)


class TextConverter:
    """A text that needs no conversion."""

    regex = ""

    def to_python(self, value: str) -> str:
        """Return the text."""
        return value

    def to_url(self, value: str) -> str:
        """Return the text."""
        return value


class KeyConverter(TextConverter):
    """An entity's key: no space, no control character, none of / \\ ? # %."""

    regex = r"[^\x00-\x20\x7f-\xa0/\\?#%]{1,128}"


class UsernameConverter(TextConverter):
    """A username."""

    regex = r"[\w.@+-]{1,150}"


class DigestConverter(TextConverter):
    """A SHA-256 in lower-case hex digits."""

    regex = "[0-9a-f]{64}"


class CandidateConverter(TextConverter):
    """The id of a candidate, or of a tile on a judge's page: `<assignment>.<position>`."""

    regex = r"[0-9]{1,18}(?:\.[0-9]{1,4})?"


register_converter(IdConverter, "id")
register_converter(KeyConverter, "key")
register_converter(UsernameConverter, "username")
register_converter(DigestConverter, "digest")
register_converter(CandidateConverter, "candidate")
