"""Change a batch's rules while it runs, and see earlier versions of the guidelines."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from annotations import batches
from annotations.errors import Invalid
from annotations.models import Batch
from frontend.forms.rules import PERCENTS, ChangeForm

from .access import PersonRequest, admins_only, number_of
from .new_batch import add_batch_errors
from .paging import first_rows

FORMER_SHOWN = 20
# The effect of changing each rule while the batch runs.
EFFECTS = {
    "name": "Judges see the new name at once.",
    "judges_required": "Higher: finished candidates come back for further judges."
    " Lower: no verdict is lost, and candidates with enough verdicts are done.",
    "judges_maximum": "Higher: candidates whose judges disagree get another judge."
    " Lower: no further judges above it. Pages that judges hold are still judged.",
    "page_size": "Applies to each judge's next page. Pages that judges hold stay.",
    "priority": "Applies to the next page that a judge asks for.",
    "order": "Reorders the whole queue. Possible until the batch is opened.",
    "purpose": "Possible until the batch is opened.",
    "cap": "Lower: no verdict is lost. Judges above the limit get no more pages."
    " Higher: they can continue. Verdicts count, skips do not.",
    "cap_share": "Grows with the candidates that a refresh adds.",
    "deadline": "Judges see it at once. Nothing is closed by it.",
    "shows_agreement": "Shows or hides agreement on the judges' home page.",
    "scorer": "Reorders the queue by this scorer. Cleared candidates stay cleared.",
    "control_share": "Drawn when the batch is opened. Possible until then.",
    "clear_beyond": "Changed: cleared candidates return to the queue, and those that"
    " nobody has judged are cleared again. Empty: judges are asked about all of them.",
    "audit_size": "Higher: judges are asked about more cleared candidates. Lower: about"
    " fewer of those that nobody has been asked about yet.",
    "guidelines": "Each judge sees the new version before continuing. Earlier versions"
    " are kept.",
}


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show every rule with the effect of changing it; save the changed ones."""
    batch = get_object_or_404(Batch, pk=batch_id)
    form = ChangeForm(request.POST or None, batch=batch)
    if request.method == "POST" and form.is_valid():
        try:
            updated = batches.update(batch=batch, by=request.user, **form.changes())
        except Invalid as invalid:
            add_batch_errors(form, invalid)
        else:
            _report(request, form, batch, updated)
            return redirect("change-batch", batch.pk)
    rules = [(field, EFFECTS[field.name]) for field in form]
    context = {"batch": batch, "form": form, "rules": rules}
    return render(
        request, "frontend/change_batch.html", context | _former(request, batch)
    )


def _report(
    request: PersonRequest, form: ChangeForm, before: Batch, after: Batch
) -> None:
    """Add a message for each changed rule, with its old and new value."""
    sentences = [
        f"{form.fields[name].label or name.capitalize()}: {old} → {new}."
        for name in form.changed_data
        if (old := _as_text(before, name)) != (new := _as_text(after, name))
    ]
    for sentence in sentences:
        messages.success(request, sentence)
    if not sentences:
        messages.info(request, "Nothing was changed.")


def _as_text(batch: Batch, name: str) -> str:
    """Return a rule as a person reads it."""
    if name == "guidelines":
        return f"version {batch.guidelines_version}"
    value = getattr(batch, name)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in PERCENTS:
        return f"{100 * value:.10g} %"
    if name == "deadline":
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return str(value) or "default scorer"


def _former(request: PersonRequest, batch: Batch) -> dict[str, Any]:
    """Return earlier guidelines, newest first; `before` is the version to continue from."""
    versions = batch.former_guidelines.order_by("-version")
    if (before := number_of(request, "before")) is not None:
        versions = versions.filter(version__lt=before)
    page = first_rows(versions, FORMER_SHOWN)
    return {"former": page.rows, "before": page.last and page.last.version}
