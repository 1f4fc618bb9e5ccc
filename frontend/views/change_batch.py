"""Change a batch's rules while it runs, and see which guidelines stood before."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotations import batches
from annotations.errors import Invalid
from annotations.models import Batch
from frontend.forms.rules import PERCENTS, ChangeForm

from .access import PersonRequest, admins_only
from .new_batch import tell

FORMER_SHOWN = 20
# What a change of each rule does while the batch runs.
EFFECTS = {
    "name": "Judges see the new name at once.",
    "judges_required": "More: what was done already comes back for further judges."
    " Fewer: nothing given is taken away, and what has enough now is done.",
    "judges_maximum": "Higher: candidates whose judges do not agree get another one."
    " Lower: no new place above it; pages that are out are still judged.",
    "page_size": "Holds for the next page of each judge; pages that are out stay.",
    "priority": "Holds from the next page on that somebody asks for.",
    "order": "Puts the whole queue into the new order. Possible until it is opened.",
    "purpose": "Possible until it is opened.",
    "cap": "Lower: nothing given is taken away; who is above it gets no more pages."
    " Higher: they go on. It counts verdicts, no skips.",
    "cap_share": "Grows with the candidates that a refresh takes in.",
    "deadline": "Judges see it at once. Nothing is closed by it.",
    "shows_agreement": "Judges see it on their home page, or no more.",
    "scorer": "The queue is put in order by what it says. What was cleared stays.",
    "control_share": "Drawn when the batch is opened. Possible until then.",
    "clear_beyond": "Another number: what was cleared comes back to the queue, and what"
    " nobody has judged is cleared anew. Empty: it comes back and is asked.",
    "audit_size": "More: some that were cleared are asked. Fewer: some that nobody was"
    " asked yet are cleared.",
    "guidelines": "Each judge sees the new ones before going on; the old ones are kept.",
}


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PersonRequest, batch_id: int) -> HttpResponse:
    """Show every rule and what a change of it does; change those that are different."""
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    form = ChangeForm(request.POST or None, batch=batch)
    if request.method == "POST" and form.is_valid():
        try:
            after = batches.update(batch=batch, by=request.user, **form.changes())
        except Invalid as invalid:
            tell(invalid, form)
        else:
            _say(request, form, batch, after)
            return redirect("change-batch", batch.pk)
    context = {"batch": batch, "form": form, "rules": _with_effects(form)}
    return render(
        request, "frontend/change_batch.html", context | _former(request, batch)
    )


def _with_effects(form: ChangeForm) -> list[tuple[Any, str]]:
    return [(field, EFFECTS[field.name]) for field in form]


def _say(request: PersonRequest, form: ChangeForm, before: Batch, after: Batch) -> None:
    """One sentence for each rule that is different now."""
    said = [
        f"{form.fields[name].label or name.capitalize()}: {old} → {new}."
        for name in form.changed_data
        if (old := _shown(before, name)) != (new := _shown(after, name))
    ]
    for sentence in said:
        messages.success(request, sentence)
    if not said:
        messages.info(request, "Nothing was changed.")


def _shown(batch: Batch, name: str) -> str:
    """A rule as a person reads it."""
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
    return str(value) or "the first of the settings"


def _former(request: PersonRequest, batch: Batch) -> dict[str, Any]:
    """Guidelines that were replaced, newest first; `before` a version goes on."""
    former = batch.former_guidelines.select_related("replaced_by").order_by("-version")
    if (before := request.GET.get("before", "")).isdigit():
        former = former.filter(version__lt=int(before[:9]))
    found = list(former[: FORMER_SHOWN + 1])
    shown = found[:FORMER_SHOWN]
    has_more = len(found) > FORMER_SHOWN
    return {"former": shown, "before": shown[-1].version if has_more else None}
