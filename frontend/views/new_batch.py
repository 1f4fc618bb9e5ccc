"""Cut a batch: choose its entities, look at the mix, name its judges and rules."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotations import batches
from annotations.errors import Invalid
from annotations.models import Batch, User
from frontend.forms.cutting import ChoiceForm, CutForm

from .access import PersonRequest, admins_only

# Where the form names a field otherwise than the stage does.
FIELDS = {
    "entities": "keys",
    "sample": "sample_size",
    "sample.size": "sample_size",
    "filter": "how",
    "usernames": "judges",
}


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Cut a batch and name its judges, both or neither."""
    form = CutForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = _cut(form, request.user)
        except Invalid as invalid:
            tell(invalid, form)
        else:
            messages.success(request, "The batch is cut. Open it when it may begin.")
            if doubles := _doubles(form):
                messages.info(request, doubles)
            return redirect("batch", batch.pk)
    if form.is_bound:
        form.keep_list()
    return _page(request, form)


def _page(request: PersonRequest, form: CutForm, **context: Any) -> HttpResponse:
    context |= {"form": form, "known": batches.known_values()}
    return render(request, "frontend/new_batch.html", context)


@transaction.atomic
def _cut(form: CutForm, by: User) -> Batch:
    given = {"name": form.cleaned_data["name"], **form.choice(), **form.rules()}
    batch = batches.create(by=by, **given)
    if usernames := form.usernames():
        batches.add_judges(batch=batch, usernames=usernames, by=by)
    return batch


def _doubles(form: CutForm) -> str:
    keys = form.choice().get("entities")
    if keys is None or not keys.doubles.count:
        return ""
    return f"{keys.doubles.count} lines named a key again; it counts once."


@admins_only
@require_POST
def preview(request: PersonRequest) -> HttpResponse:
    """Show the mix of what the form chooses; with htmx only that, below the form."""
    form = ChoiceForm(request.POST, request.FILES)
    mix = None
    if form.is_valid():
        try:
            mix = batches.preview(**form.choice())
        except Invalid as invalid:
            tell(invalid, form)
    context = {"asked": form, "mix": mix}
    if request.htmx:
        return render(request, "frontend/new_batch.html#mix", context)
    whole = CutForm(initial={n: request.POST.get(n) for n in CutForm.base_fields})
    whole.initial["judges"] = request.POST.getlist("judges")
    return _page(request, whole, **context)


def tell(invalid: Invalid, form: Form) -> None:
    """Say what a stage refused at the form's fields, or above them."""
    for name, sentences in invalid.errors.items():
        field = FIELDS.get(name, name.removeprefix("filter."))
        form.add_error(field if field in form.fields else None, list(sentences))
