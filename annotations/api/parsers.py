"""Reading bodies: strict JSON, small enough, and an upload of any allowed size."""

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser

from .errors import TooLarge


class StrictJSONParser(JSONParser):
    """JSON as RFC 8259 has it: no NaN, no NUL in strings, nothing too deep or too big."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse the whole body; 413 above what a body may hold."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge(f"A body may hold {limit} bytes.")
        try:
            parsed = json.loads(
                codecs.decode(raw, "utf-8"), parse_constant=_refuse_constant
            )
            # Only an escape can bring in what a database cannot hold.
            if b"\\u" in raw:
                _refuse_unstorable(parsed)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"This is not JSON: {error}") from error
        return parsed


class UploadParser(MultiPartParser):
    """A form with a file. Its size is checked from the header, before it is read."""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_unstorable(value: Any) -> None:
    """Raise for NUL characters and halves of surrogate pairs, wherever they are."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a string holds a NUL character")
        value.encode()  # a UnicodeEncodeError is a ValueError
    elif isinstance(value, list):
        for each in value:
            _refuse_unstorable(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            _refuse_unstorable(name)
            _refuse_unstorable(each)
