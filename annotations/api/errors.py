"""Errors as `application/problem+json` (RFC 9457), by one table of statuses."""

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
    ImportStopped,
    Invalid,
    InvitationOver,
    LabelerError,
    MailNotSent,
    NotFound,
    NotRecognised,
    Unreadable,
    UnreadableFile,
    WrongState,
)
from annotations.scoring.weights import WrongWeights

API_PREFIX = "/api/"
CONTENT_TYPE = "application/problem+json"
WHOLE = "request"  # the key of errors that belong to no field

# The most specific class of an error decides. A domain error that is missing here is a
# bug, so it becomes a 500.
STATUS: dict[type[LabelerError], int] = {
    Invalid: 400,
    UnreadableFile: 400,
    NotRecognised: 403,
    NotFound: 404,
    Unreadable: 404,
    WrongState: 409,
    Erased: 410,
    InvitationOver: 410,
    ImportStopped: 500,
    WrongWeights: 500,
    MailNotSent: 502,
}

# Stable slugs for errors of the framework. Other errors take the name of their status.
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
    """A request that is too large; the detail says what to do instead."""

    status_code = 413
    default_detail = "The request is too large."


class WrongCredentials(exceptions.APIException):
    """A wrong username or password; the message does not say which of them."""

    status_code = 401
    default_detail = "Wrong username or password."
    auth_header = "Token"


class LockedOut(exceptions.Throttled):
    """An account or address that is locked after too many wrong passwords."""

    default_detail = "Too many failed attempts."


SLUGS |= {
    TooLarge: "too-large",
    WrongCredentials: "wrong-credentials",
    LockedOut: "locked-out",
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception of a view into a problem; None (a 500) if it was unexpected."""
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
        api_error = _as_api_exception(error)
        if api_error is None:
            return None
        body, headers = _framework_problem(api_error)
    set_rollback()
    return Response(
        body, status=body["status"], headers=headers, content_type=CONTENT_TYPE
    )


def status_of(error: LabelerError) -> int | None:
    """Return the status of a domain error, by its most specific class in the table."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)


def problem(status: int, slug: str, detail: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a problem. Its `type` is stable, its wording is not."""
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


def _framework_problem(
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
    for field, text in _flatten(error.detail):
        errors.setdefault(field, []).append(text)
    field, texts = next(iter(errors.items()))
    return problem(error.status_code, slug, f"{field}: {texts[0]}", errors=errors), {}


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested errors with dotted paths, as in `judgments.3.verdict`."""
    if isinstance(detail, Mapping):
        for name, nested in detail.items():
            field = "" if name == "non_field_errors" else str(name)
            yield from _flatten(
                nested, ".".join(part for part in (path, field) if part)
            )
    elif isinstance(detail, list):
        for index, nested in enumerate(detail):
            is_leaf = isinstance(nested, str)
            yield from _flatten(nested, path if is_leaf else f"{path}.{index}")
    else:
        yield path or WHOLE, str(detail)


def _respond(status: int, slug: str, detail: str) -> HttpResponse:
    body = problem(status, slug, detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


# Django's own errors, raised before or instead of a view. These are the project's four
# error handlers. Pages keep Django's answers.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django cannot read."""
    if request.path_info.startswith(API_PREFIX):
        return _respond(400, "malformed", "The request cannot be read.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses."""
    if request.path_info.startswith(API_PREFIX):
        return _respond(403, "not-allowed", "You are not allowed to do this.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request to an address that does not exist."""
    if request.path_info.startswith(API_PREFIX):
        return _respond(404, "not-found", "There is no such address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed because of a bug; the log has the traceback."""
    if request.path_info.startswith(API_PREFIX):
        logging.getLogger(__name__).error("500 at %s", request.path_info)
        return _respond(
            500, "server-error", "The server has a bug. Its log has the details."
        )
    return defaults.server_error(request)
