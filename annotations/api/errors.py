"""Every refusal as `application/problem+json` (RFC 9457), decided in one table."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from annotations.errors import (
    Erased,
    Invalid,
    InvitationOver,
    LabelerError,
    MailNotSent,
    NotFound,
    NotRecognised,
    Stopped,
    Unreadable,
    UnreadableFile,
    WrongState,
)
from annotations.scoring.weights import WrongWeights

API_PREFIX = "/api/"
CONTENT_TYPE = "application/problem+json"
WHOLE = "request"  # the key of errors that no field is to blame for

# The most special class of an error decides. A domain error that is missing here is
# a mistake of ours, hence 500.
STATUS: dict[type[LabelerError], int] = {
    Invalid: 400,
    UnreadableFile: 400,
    NotRecognised: 403,
    NotFound: 404,
    Unreadable: 404,
    WrongState: 409,
    Erased: 410,
    InvitationOver: 410,
    Stopped: 500,
    WrongWeights: 500,
    MailNotSent: 502,
}

# Stable names for what the framework refuses; others are named by their status.
SLUGS: dict[type[Exception], str] = {
    exceptions.ValidationError: "invalid",
    exceptions.ParseError: "malformed",
    exceptions.AuthenticationFailed: "not-signed-in",
    exceptions.NotAuthenticated: "not-signed-in",
    exceptions.PermissionDenied: "not-allowed",
    exceptions.NotFound: "not-found",
    exceptions.MethodNotAllowed: "method-not-allowed",
    exceptions.UnsupportedMediaType: "unsupported-media-type",
    exceptions.Throttled: "slow-down",
}


class TooLarge(exceptions.APIException):
    """More than one request may carry; the detail says what to do instead."""

    status_code = 413
    default_detail = "The request is too large."


class WrongCredentials(exceptions.APIException):
    """No sign-in with this name and password; which of the two, nobody learns."""

    status_code = 401
    default_detail = "There is no such active user with this password."
    auth_header = "Token"


class LockedOut(exceptions.Throttled):
    """Too many wrong passwords in a row."""

    default_detail = "Too many failed attempts."


SLUGS |= {
    TooLarge: "too-large",
    WrongCredentials: "wrong-credentials",
    LockedOut: "locked-out",
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; None (a 500) for what nobody foresaw."""
    if isinstance(error, LabelerError):
        status = status_of(error)
        if status is None:
            return None
        fields: dict[str, Any] = dict(error.fields)
        if isinstance(error, Invalid):
            fields["errors"] = error.errors
        body = problem(status, error.slug, error.detail, **fields)
        headers: dict[str, str] = {}
    else:
        known = _as_api_exception(error)
        if known is None:
            return None
        body, headers = _of_framework(known)
    set_rollback()
    return Response(
        body, status=body["status"], headers=headers, content_type=CONTENT_TYPE
    )


def status_of(error: LabelerError) -> int | None:
    """The status of a domain error, by its most special class in the table."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)


def problem(status: int, slug: str, detail: str, **fields: Any) -> dict[str, Any]:
    """The body of a problem. `type` is stable; what it says is not."""
    return {
        "type": f"/problems/{slug}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **fields,
    }


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError()
    return error if isinstance(error, exceptions.APIException) else None


def _of_framework(
    error: exceptions.APIException,
) -> tuple[dict[str, Any], dict[str, str]]:
    phrase = HTTPStatus(error.status_code).phrase
    slug = SLUGS.get(type(error), phrase.lower().replace(" ", "-"))
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, int(wait)))
    if not isinstance(error, exceptions.ValidationError):
        return problem(error.status_code, slug, str(error.detail)), headers
    errors: dict[str, list[str]] = {}
    for field, text in _flat(error.detail):
        errors.setdefault(field, []).append(text)
    field, texts = next(iter(errors.items()))
    return problem(error.status_code, slug, f"{field}: {texts[0]}", errors=errors), {}


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of nested errors, by dotted path: `judgments.3.verdict`."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _flat(below, ".".join(part for part in (path, own) if part))
    elif isinstance(detail, list):
        for index, below in enumerate(detail):
            is_leaf = isinstance(below, str)
            yield from _flat(below, path if is_leaf else f"{path}.{index}")
    else:
        yield path or WHOLE, str(detail)


def _reply(status: int, slug: str, detail: str) -> HttpResponse:
    body = problem(status, slug, detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


# What Django itself refuses, before or instead of a view. These four are the project's
# handlers: pages keep Django's own answers.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django cannot read."""
    if request.path_info.startswith(API_PREFIX):
        return _reply(400, "malformed", "The request cannot be read.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django refuses."""
    if request.path_info.startswith(API_PREFIX):
        return _reply(403, "not-allowed", "You may not do this.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is none."""
    if request.path_info.startswith(API_PREFIX):
        return _reply(404, "not-found", "There is no such address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours; the log has it."""
    if request.path_info.startswith(API_PREFIX):
        logging.getLogger(__name__).error("500 at %s", request.path_info)
        return _reply(500, "server-error", "This is a mistake of the server's.")
    return defaults.server_error(request)
