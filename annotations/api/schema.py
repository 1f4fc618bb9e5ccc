"""How the OpenAPI document is made: names, strict bodies, and every problem."""

from collections.abc import Mapping
from typing import Any

import uritemplate
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, OpenApiTypes
from rest_framework import serializers

from .converters import IdConverter
from .errors import CONTENT_TYPE
from .fields import Strict, Text
from .serializers.problems import Problem

INTEGER_ID = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
NO_NUL = r"^[^\u0000]*$"
PROBLEMS = {
    400: "Something in the request is wrong; `errors` says what, by field.",
    401: "Nobody is signed in, or the token is not valid.",
    403: "This is for others.",
    404: "There is no such thing, or none that you may know of.",
    409: "It does not fit the present state.",
    410: "It has been erased, or its time is over.",
    413: "The request is too large.",
    415: "The body has another content type.",
    416: "The file ends before what was asked for; `Content-Range` says where.",
    502: "A server that this one needs does not answer.",
    429: "Too many attempts; `Retry-After` says when to come back.",
}
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    required=True,
    response=["429"],
    description="Seconds to wait.",
)


def answers(
    responses: Mapping[Any, Any], *problems: int, described: str = ""
) -> dict[Any, Any]:
    """The responses of a call: its own, and problems that cannot be derived."""
    told = {
        code: OpenApiResponse(None, described or "Done.") if shape is None else shape
        for code, shape in responses.items()
    }
    return told | {(code, CONTENT_TYPE): _problem(code) for code in problems}


def binary(*media_types: str) -> dict[tuple[int, str], Any]:
    """A 200 of bytes, in one of these media types."""
    return {(200, media_type): OpenApiTypes.BINARY for media_type in media_types}


def _problem(code: int) -> OpenApiResponse:
    return OpenApiResponse(Problem, PROBLEMS[code])


class Schema(AutoSchema):
    """Adds what every call has in common, so that no view has to say it.

    Serializers may help: `also` is further JSON Schema of a body, `for_admins` names
    what other people's answers lack.
    """

    def get_operation_id(self) -> str:
        """Path and method: unique by construction."""
        names = self.path.removeprefix(self.path_prefix).strip("/")
        for sign in "/-.":
            names = names.replace(sign, "_")
        return f"{names.replace('{', '').replace('}', '')}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        """The first noun of the address."""
        return [self.path.removeprefix(self.path_prefix).strip("/").split("/")[0]]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Row numbers are integers, not strings of digits."""
        parameters = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            if parameter["schema"].get("pattern") == f"^{IdConverter.regex}$":
                parameter["schema"] = dict(INTEGER_ID)
        return parameters

    def _map_serializer_field(
        self, field: Any, direction: Any, bypass_extensions: bool = False
    ) -> Any:
        """No text that is sent may hold a NUL character; the database has none."""
        mapped = super()._map_serializer_field(field, direction, bypass_extensions)
        is_text = type(field) in (Text, serializers.CharField)
        if direction == "request" and is_text and mapped:
            mapped.setdefault("pattern", NO_NUL)
        return mapped

    def _map_serializer(
        self, serializer: Any, direction: Any, bypass_extensions: bool = False
    ) -> dict[str, Any]:
        """Bodies refuse unnamed fields; answers lack `for_admins` for other people."""
        mapped = super()._map_serializer(serializer, direction, bypass_extensions)
        is_strict = isinstance(serializer, Strict) or (
            isinstance(serializer, type) and issubclass(serializer, Strict)
        )
        if direction == "request" and is_strict:
            mapped["additionalProperties"] = False
            mapped |= getattr(serializer, "also", {})
        for_admins = getattr(serializer, "for_admins", ())
        if "required" in mapped:
            mapped["required"] = [n for n in mapped["required"] if n not in for_admins]
        return mapped

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """Add the problems that follow from the shape of the call."""
        bodies = super()._get_response_bodies(direction)
        for code in self._derived_problems():
            if str(code) not in bodies:
                described = self._get_response_for_code(
                    _problem(code), str(code), [CONTENT_TYPE], direction
                )
                bodies[str(code)] = described
        if self.get_override_parameters():
            # The web server's own refusal, before any of this is asked.
            bodies["414"] = {"description": "The address is too long."}
        return dict(sorted(bodies.items()))

    def _derived_problems(self) -> list[int]:
        codes = []
        can_have_body = self.method in ("POST", "PUT", "PATCH")
        has_body = can_have_body and self.get_request_serializer() is not None
        if has_body or self.get_override_parameters():
            codes.append(400)
        if has_body:
            codes += [413, 415]
        if self.view.get_authenticators():
            codes += [401, 403]
        if uritemplate.variables(self.path):
            codes.append(404)
        return codes
