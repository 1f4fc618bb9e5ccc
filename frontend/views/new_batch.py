"""Create a batch: choose its entities, preview them, set its judges and rules."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotations import batches
from annotations.errors import Invalid
from annotations.models import Batch, User
from frontend.forms import add_errors
from frontend.forms.new_batch import ChoiceForm, NewBatchForm

from .access import PersonRequest, admins_only

# Fields whose name in the form differs from the domain's.
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
    """Create a batch and add its judges in one transaction."""
    form = NewBatchForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = _create(form, request.user)
        except Invalid as invalid:
            add_batch_errors(form, invalid)
        else:
            messages.success(request, "The batch is created. Open it to start work.")
            if warning := _duplicates_warning(form):
                messages.info(request, warning)
            return redirect("batch", batch.pk)
    if form.is_bound:
        form.keep_list()
    return _page(request, form)


def _page(request: PersonRequest, form: NewBatchForm, **context: Any) -> HttpResponse:
    context |= {"form": form, "known": batches.known_values()}
    return render(request, "frontend/new_batch.html", context)


@transaction.atomic
def _create(form: NewBatchForm, by: User) -> Batch:
    fields = {"name": form.cleaned_data["name"], **form.choice(), **form.rules()}
    batch = batches.create(by=by, **fields)
    if usernames := form.usernames():
        batches.add_judges(batch=batch, usernames=usernames, by=by)
    return batch


def _duplicates_warning(form: NewBatchForm) -> str:
    keys = form.choice().get("entities")
    if keys is None or not keys.doubles.count:
        return ""
    return f"Duplicate keys in the list: {keys.doubles.count}. Each entity counts once."


@admins_only
@require_POST
def preview(request: PersonRequest) -> HttpResponse:
    """Show the composition of the chosen entities; for htmx only that part."""
    form = ChoiceForm(request.POST, request.FILES)
    composition = None
    if form.is_valid():
        try:
            composition = batches.preview(**form.choice())
        except Invalid as invalid:
            add_batch_errors(form, invalid)
    context = {"asked": form, "mix": composition}
    if request.htmx:
        return render(request, "frontend/new_batch.html#mix", context)
    page_form = NewBatchForm(
        initial={n: request.POST.get(n) for n in NewBatchForm.base_fields}
    )
    page_form.initial["judges"] = request.POST.getlist("judges")
    return _page(request, page_form, **context)


def add_batch_errors(form: BaseForm, invalid: Invalid) -> None:
    """Show a batch's errors at the form's fields, or above the form."""
    add_errors(form, invalid, FIELDS, prefix="filter.")
