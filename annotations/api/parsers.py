"""Parsers of request bodies: strict JSON of limited size, and file uploads."""

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser

from .errors import TooLarge


class StrictJSONParser(JSONParser):
    """A parser of JSON (RFC 8259) without NaN, without NUL and of limited size and depth."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse the whole body; 413 if it is too large."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"A request body can have at most {limit} bytes.")
        try:
            value = json.loads(
                codecs.decode(body, "utf-8"), parse_constant=_refuse_constant
            )
            # Only escapes can contain characters that the database cannot store.
            if b"\\u" in body:
                _refuse_unstorable(value)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not valid JSON: {error}") from error
        return value


class UploadParser(MultiPartParser):
    """A parser of forms with a file. The view checks the size before it is read."""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_unstorable(value: Any) -> None:
    """Raise ValueError for NUL characters and lone surrogates at any depth."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a string contains a NUL character")
        value.encode()  # a UnicodeEncodeError is a ValueError
    elif isinstance(value, list):
        for item in value:
            _refuse_unstorable(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _refuse_unstorable(name)
            _refuse_unstorable(item)
