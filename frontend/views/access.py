"""Who may open a page. Whoever may not know of a page is told that there is none."""

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


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: Any


def text_of(request: HttpRequest, name: str) -> str:
    """A text that a form sent, trimmed; no database keeps a NUL."""
    return request.POST.get(name, "").replace("\0", "").strip()


def signed_in(view: View) -> View:
    """Let active users in and send everybody else to sign in, in whole pages.

    Without this, htmx would swap the sign-in page into the middle of another page.
    """

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            # What htmx fetched is no page to come back to; what it is shown on is.
            shown_on = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(redirect_to_login(shown_on).url)
        return redirect_to_login(request.get_full_path())

    return guarded


def adjudicators_only(view: View) -> View:
    """Let adjudicators (and admins) in; for everybody else the page does not exist."""

    @wraps(view)
    @signed_in
    def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_adjudicator:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def admins_only(view: View) -> View:
    """Let admins in; for everybody else the page does not exist."""

    @wraps(view)
    @signed_in
    def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_admin:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def number_of(request: HttpRequest, name: str) -> int | None:
    """A row's number in the address, None where there is none that could be one."""
    named = request.GET.get(name, "")
    is_number = named.isascii() and named.isdigit() and len(named) <= 18
    return int(named) if is_number else None


FORM_SPARE = 64 * 1024  # what a form holds besides its file


def in_size(limit: Callable[[], int], refused: View) -> Callable[[View], View]:
    """Refuse what is too large by its announced length, before a byte is read."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(
            request: PersonRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            length = request.headers.get("Content-Length", "")
            if length.isdigit() and int(length) > limit() + FORM_SPARE:
                return refused(request, *args, **kwargs)
            return view(request, *args, **kwargs)

        return guarded

    return guard
