"""Generation of the OpenAPI document: operation ids, strict bodies and problem responses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import uritemplate
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers

from .converters import IdConverter
from .errors import CONTENT_TYPE
from .fields import StrictCharField, StrictSerializer
from .pagination import ListQuery, list_shape
from .serializers.problems import Problem

Method = TypeVar("Method", bound=Callable[..., Any])

INTEGER_ID = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
NO_NUL = r"^[^\u0000]*$"
PROBLEMS = {
    400: "The request contains an error; `errors` gives the reasons by field.",
    401: "The request has no valid token and no session.",
    403: "The user is not allowed to do this.",
    404: "The object does not exist, or the user is not allowed to know of it.",
    409: "The current state does not allow this.",
    410: "The object has been erased, or the invitation is no longer valid.",
    413: "The request is too large.",
    415: "The content type of the body is not supported.",
    416: "The requested range is beyond the end of the file; see `Content-Range`.",
    502: "A server that this one needs does not answer.",
    429: "Too many attempts; `Retry-After` says when to try again.",
}
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    required=True,
    response=["429"],
    description="Seconds to wait.",
)


def operation(
    responses: Mapping[Any, Any],
    *problems: int,
    empty: str = "Done.",
    request: Any = None,
    parameters: Sequence[Any] = (),
) -> Callable[[Method], Method]:
    """Document a call: its responses, and the problems that `Schema` cannot derive.

    `empty` describes the responses without a body; a call without `request` takes none.
    """
    documented = {
        code: OpenApiResponse(None, empty) if shape is None else shape
        for code, shape in responses.items()
    }
    documented |= {(code, CONTENT_TYPE): _problem(code) for code in problems}
    return extend_schema(
        request=request, parameters=[*parameters], responses=documented
    )


def list_operation(
    shape: type[serializers.BaseSerializer[Any]],
    *problems: int,
    query: type[ListQuery] = ListQuery,
) -> Callable[[Method], Method]:
    """Document a call that answers with one page of a list of `shape`."""
    return operation({200: list_shape(shape)}, *problems, parameters=[query])


def binary(*media_types: str) -> dict[tuple[int, str], Any]:
    """Return a 200 response of bytes in one of the media types."""
    return {(200, media_type): OpenApiTypes.BINARY for media_type in media_types}


def _problem(code: int) -> OpenApiResponse:
    return OpenApiResponse(Problem, PROBLEMS[code])


class Schema(AutoSchema):
    """Describes the parts that all calls share, so that no view repeats them.

    A serializer can add to its schema: `also` is further JSON Schema of a request body,
    and `for_admins` names the fields that other users do not get.
    """

    def get_operation_id(self) -> str:
        """Join path and method, which are unique together."""
        names = self.path.removeprefix(self.path_prefix).strip("/")
        for separator in "/-.":
            names = names.replace(separator, "_")
        return f"{names.replace('{', '').replace('}', '')}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        """Return the first noun of the path."""
        return [self.path.removeprefix(self.path_prefix).strip("/").split("/")[0]]

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Return False: `list_operation` names the envelope of a page itself."""
        return isinstance(serializer, serializers.ListSerializer)

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Describe ids as integers instead of strings of digits."""
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(  # type: ignore[no-untyped-call]
            variables
        )
        for parameter in parameters:
            if parameter["schema"].get("pattern") == f"^{IdConverter.regex}$":
                parameter["schema"] = dict(INTEGER_ID)
        return parameters

    def _map_serializer_field(
        self, field: Any, direction: Any, bypass_extensions: bool = False
    ) -> Any:
        """Exclude NUL characters, which the database cannot store, from request texts."""
        schema = super()._map_serializer_field(  # type: ignore[no-untyped-call]
            field, direction, bypass_extensions
        )
        is_text = type(field) in (StrictCharField, serializers.CharField)
        if direction == "request" and is_text and schema:
            schema.setdefault("pattern", NO_NUL)
        return schema

    def _map_serializer(
        self, serializer: Any, direction: Any, bypass_extensions: bool = False
    ) -> dict[str, Any]:
        """Forbid unknown fields in bodies, and make admins' fields optional in answers."""
        schema: dict[str, Any] = super()._map_serializer(  # type: ignore[no-untyped-call]
            serializer, direction, bypass_extensions
        )
        is_strict = isinstance(serializer, StrictSerializer) or (
            isinstance(serializer, type) and issubclass(serializer, StrictSerializer)
        )
        if direction == "request" and is_strict:
            schema["additionalProperties"] = False
            schema |= getattr(serializer, "also", {})
        for_admins = getattr(serializer, "for_admins", ())
        if "required" in schema:
            schema["required"] = [n for n in schema["required"] if n not in for_admins]
        return schema

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """Add the problems that follow from the kind of call."""
        bodies = super()._get_response_bodies(direction)
        for code in self._derived_problems():
            if str(code) not in bodies:
                bodies[str(code)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    _problem(code), str(code), [CONTENT_TYPE], direction
                )
        if self.get_override_parameters():
            # The web server refuses such a request before Django sees it.
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
