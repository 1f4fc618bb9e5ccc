"""An admin's pages of imports: upload a file and watch its progress."""

import secrets
from functools import partial

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from annotations import intake, tasks
from annotations.models import Import, ImportState, User
from frontend.forms import ImportForm

from .access import PersonRequest, admins_only, in_size, number_of
from .paging import first_rows, newest

SHOWN = 25
REFUSED_SHOWN = 20
UNFINISHED = (ImportState.PENDING, ImportState.RUNNING)


def _too_large(request: PersonRequest) -> HttpResponse:
    return _page(request, ImportForm(), status=413)


# The CSRF check reads the whole body, so it runs after the checks of role and size.
@csrf_exempt
@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
@in_size(lambda: settings.UPLOAD_MAX_BYTES, _too_large)
@csrf_protect
def imports(request: PersonRequest) -> HttpResponse:
    """List imports, or store an uploaded file and show its import."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect("import", _start(request.user, form).pk)
    return _page(request, form)


def _page(request: PersonRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    context = newest(request, Import.objects.all(), SHOWN, "imports")
    context |= {
        "form": form,
        "is_running": any(row.state in UNFINISHED for row in context["imports"]),
        "is_too_large": status == 413,
    }
    template = "frontend/imports.html"
    if request.htmx and request.method == "GET":
        template += "#list"
    return render(request, template, context, status=status)


def _start(by: User, form: ImportForm) -> Import:
    """Store the file until a worker has read it, and create its import."""
    name = default_storage.save(
        f"imports/{secrets.token_hex(16)}", form.cleaned_data["file"]
    )
    try:
        return _create(by, form, name)
    except Exception:
        default_storage.delete(name)
        raise


@transaction.atomic
def _create(by: User, form: ImportForm, upload: str) -> Import:
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
    """Show an import's progress and refused rows; `after` is a line to continue from."""
    import_ = get_object_or_404(Import, pk=import_id)
    after = number_of(request, "after")
    refused_rows = import_.refused.order_by("line")
    if after is not None:
        refused_rows = refused_rows.filter(line__gt=after)
    page = first_rows(refused_rows, REFUSED_SHOWN)
    context = {
        "import": import_,
        "is_over": import_.state in (ImportState.DONE, ImportState.FAILED),
        "pace": _pace(import_),
        "refused": page.rows,
        "after": after,
        "following": page.last and page.last.line,
    }
    template = (
        "frontend/import.html#progress" if request.htmx else "frontend/import.html"
    )
    return render(request, template, context)


def _pace(import_: Import) -> float | None:
    """Return rows per second from the start to the last progress."""
    end = import_.finished_at or import_.touched_at
    seconds = (end - import_.created_at).total_seconds()
    return import_.rows_read / seconds if import_.rows_read and seconds > 0 else None
