"""What may stand in an address. Anything else is no address: 404, never 500."""

from django.urls import register_converter


class IdConverter:
    """A row's number: 18 digits always fit a bigint."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Its digits."""
        return str(value)


class TextConverter:
    """Something that stays as it is."""

    regex = ""

    def to_python(self, value: str) -> str:
        """The text."""
        return value

    def to_url(self, value: str) -> str:
        """The text."""
        return value


class KeyConverter(TextConverter):
    """An entity's key: no space, no control character, none of / \\ ? # %."""

    regex = r"[^\x00-\x20\x7f-\xa0/\\?#%]{1,128}"


class UsernameConverter(TextConverter):
    """A user's name."""

    regex = r"[\w.@+-]{1,150}"


class DigestConverter(TextConverter):
    """A SHA-256 in lower-case hex digits."""

    regex = "[0-9a-f]{64}"


class CandidateConverter(TextConverter):
    """A candidate's number, or the tile `<assignment>.<position>` of a judge's page."""

    regex = r"[0-9]{1,18}(?:\.[0-9]{1,4})?"


register_converter(IdConverter, "id")
register_converter(KeyConverter, "key")
register_converter(UsernameConverter, "username")
register_converter(DigestConverter, "digest")
register_converter(CandidateConverter, "candidate")
