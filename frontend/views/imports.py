"""An admin's pages of imports: give a file, watch it being read."""

import secrets
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from annotations import intake, tasks
from annotations.models import Import, ImportState, User
from frontend.forms import ImportForm

from .access import PersonRequest, View, admins_only

SHOWN = 100
REFUSED_SHOWN = 20
FORM_SPARE = 64 * 1024  # what a form holds besides its file


def _in_size(view: View) -> View:
    """Refuse what is too large by its announced length, before a byte is read."""

    @wraps(view)
    def guarded(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        length = request.headers.get("Content-Length", "")
        spare = settings.UPLOAD_MAX_BYTES + FORM_SPARE
        if length.isdigit() and int(length) > spare:
            form = ImportForm()
            return _page(request, form, status=413)
        return view(request, *args, **kwargs)

    return guarded


# The check of the form's token reads the whole file: only once its sender may send it.
@csrf_exempt
@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
@_in_size
@csrf_protect
def imports(request: PersonRequest) -> HttpResponse:
    """List imports, or take a new file and show how its reading goes."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect("import", _start(request.user, form).pk)
    return _page(request, form)


def _page(request: PersonRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "imports": Import.objects.order_by("-pk")[:SHOWN],
        "is_too_large": status == 413,
    }
    return render(request, "frontend/imports.html", context, status=status)


def _start(by: User, form: ImportForm) -> Import:
    """Keep the file until a worker has read it."""
    name = default_storage.save(
        f"imports/{secrets.token_hex(16)}", form.cleaned_data["file"]
    )
    try:
        return _begin(by, form, name)
    except Exception:
        default_storage.delete(name)
        raise


@transaction.atomic
def _begin(by: User, form: ImportForm, upload: str) -> Import:
    import_ = intake.start(
        file_name=form.cleaned_data["file"].name,
        layout=form.cleaned_data["layout"],
        with_images=form.cleaned_data["with_images"],
        upload=upload,
        by=by,
    )
    transaction.on_commit(partial(tasks.continue_import.delay, import_.pk))
    return import_


@admins_only
@require_safe
def show(request: PersonRequest, import_id: int) -> HttpResponse:
    """Show how far an import is, and what it refused."""
    import_ = Import.objects.filter(pk=import_id).first()
    if import_ is None:
        raise Http404
    context = {
        "import": import_,
        "is_over": import_.state in (ImportState.DONE, ImportState.FAILED),
        "refused": import_.refused.order_by("line")[:REFUSED_SHOWN],
    }
    template = (
        "frontend/import.html#progress" if request.htmx else "frontend/import.html"
    )
    return render(request, template, context)
