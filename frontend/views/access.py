"""Access to pages. A page that a user may not see answers 404, as if it did not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from annotations.models import User

View = Callable[..., HttpResponseBase]
ID_DIGITS = 18  # every id of so many digits fits a bigint


class PersonRequest(HttpRequest):
    """A request of a signed-in user."""

    user: User
    htmx: Any


def signed_in(view: View) -> View:
    """Let active users in, and redirect everyone else to the sign-in page.

    An htmx request redirects the whole window. Otherwise htmx would swap the sign-in
    page into the middle of another page.
    """

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            # Come back to the page in the window, not to the fragment that htmx asked for.
            page_path = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(redirect_to_login(page_path).url)
        return redirect_to_login(request.get_full_path())

    return guarded


def _only(is_allowed: Callable[[User], bool]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        @signed_in
        def guarded(
            request: PersonRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not is_allowed(request.user):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate


# For everyone else these pages do not exist. An admin is an adjudicator too.
adjudicators_only = _only(lambda user: user.is_adjudicator)
admins_only = _only(lambda user: user.is_admin)


def text_of(request: HttpRequest, name: str) -> str:
    """Return a submitted text, trimmed, without NULs, which PostgreSQL refuses."""
    return _clean(request.POST.get(name, ""))


def search_of(request: HttpRequest, name: str) -> str:
    """Return a text from the query string, trimmed, without NULs."""
    return _clean(request.GET.get(name, ""))


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()


def id_of(text: str) -> int | None:
    """Return an id written in decimal digits, None for anything else."""
    is_id = text.isascii() and text.isdigit() and len(text) <= ID_DIGITS
    return int(text) if is_id else None


def number_of(request: HttpRequest, name: str) -> int | None:
    """Return an id from the query string, None when it is missing or malformed."""
    return id_of(request.GET.get(name, ""))


FORM_OVERHEAD = 64 * 1024  # bytes that a multipart form needs besides its file


def in_size(limit: Callable[[], int], too_large: View) -> Callable[[View], View]:
    """Answer with `too_large` when the announced body length exceeds `limit` bytes.

    The body is not read.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(
            request: PersonRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            length = request.headers.get("Content-Length", "")
            if length.isdigit() and int(length) > limit() + FORM_OVERHEAD:
                return too_large(request, *args, **kwargs)
            return view(request, *args, **kwargs)

        return guarded

    return guard
