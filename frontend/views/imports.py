"""An admin's pages of imports: give a file, watch it being read."""

from functools import partial
from uuid import uuid4

from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotations import intake, tasks
from annotations.models import Import, ImportState
from frontend.forms import ImportForm

from .access import PersonRequest, admins_only

SHOWN = 100
REFUSED_SHOWN = 20


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: PersonRequest) -> HttpResponse:
    """List imports, or take a new file and show how its reading goes."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return redirect("import", _start(request, form).pk)
    context = {"form": form, "imports": Import.objects.order_by("-pk")[:SHOWN]}
    return render(request, "frontend/imports.html", context)


def _start(request: PersonRequest, form: ImportForm) -> Import:
    file = form.cleaned_data["file"]
    import_ = intake.start(
        file_name=file.name,
        layout=form.cleaned_data["layout"],
        with_images=form.cleaned_data["with_images"],
        upload=default_storage.save(f"uploads/{uuid4().hex}", file),
        by=request.user,
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
    template = "frontend/import.html#progress" if request.htmx else "frontend/import.html"
    return render(request, template, context)
