"""An admin's pages of imports: give a file, watch it being read."""

import secrets
from functools import partial

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

from .access import PersonRequest, admins_only, in_size, number_of

SHOWN = 25
REFUSED_SHOWN = 20
UNFINISHED = (ImportState.PENDING, ImportState.RUNNING)


def _too_large(request: PersonRequest) -> HttpResponse:
    return _page(request, ImportForm(), status=413)


# The check of the form's token reads the whole file: only once its sender may send it.
@csrf_exempt
@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
@in_size(lambda: settings.UPLOAD_MAX_BYTES, _too_large)
@csrf_protect
def imports(request: PersonRequest) -> HttpResponse:
    """List imports, or take a new file and show how its reading goes."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect("import", _start(request.user, form).pk)
    return _page(request, form)


def _page(request: PersonRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    before = number_of(request, "before")
    found = Import.objects.order_by("-pk")
    rows = list((found.filter(pk__lt=before) if before else found)[: SHOWN + 1])
    shown = rows[:SHOWN]
    context = {
        "form": form,
        "imports": shown,
        "before": shown[-1].pk if len(rows) > SHOWN else None,
        "is_first": before is None,
        "is_running": any(each.state in UNFINISHED for each in shown),
        "is_too_large": status == 413,
    }
    template = "frontend/imports.html"
    if request.htmx and request.method == "GET":
        template += "#list"
    return render(request, template, context, status=status)


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
    """Show how far an import is, and what it refused; `after` a line, the next rows."""
    import_ = Import.objects.filter(pk=import_id).first()
    if import_ is None:
        raise Http404
    after = number_of(request, "after")
    refused = import_.refused.order_by("line")
    if after is not None:
        refused = refused.filter(line__gt=after)
    rows = list(refused[: REFUSED_SHOWN + 1])
    shown = rows[:REFUSED_SHOWN]
    context = {
        "import": import_,
        "is_over": import_.state in (ImportState.DONE, ImportState.FAILED),
        "pace": _pace(import_),
        "refused": shown,
        "after": after,
        "following": shown[-1].line if len(rows) > REFUSED_SHOWN else None,
    }
    template = (
        "frontend/import.html#progress" if request.htmx else "frontend/import.html"
    )
    return render(request, template, context)


def _pace(import_: Import) -> float | None:
    """Rows a second from its beginning to its last sign of life."""
    end = import_.finished_at or import_.touched_at
    seconds = (end - import_.created_at).total_seconds()
    return import_.rows_read / seconds if import_.rows_read and seconds > 0 else None
