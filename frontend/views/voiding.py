"""An admin's page to void all of a judge's verdicts in a batch, with a reason."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from annotations import judgments
from annotations.errors import Invalid, NotFound
from annotations.models import BatchJudge
from frontend.forms import ReasonForm, add_errors

from .access import PersonRequest, admins_only


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def void(request: PersonRequest, batch_id: int, username: str) -> HttpResponse:
    """Explain the consequences, ask for a reason, then void the verdicts."""
    memberships = BatchJudge.objects.select_related("batch", "judge")
    membership = get_object_or_404(
        memberships, batch=batch_id, judge__username=username
    )
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            voiding = judgments.void(
                batch=membership.batch,
                username=username,
                reason=form.cleaned_data["reason"],
                by=request.user,
            )
        except NotFound as error:
            raise Http404 from error
        except Invalid as invalid:
            add_errors(form, invalid)
        else:
            message = f"Verdicts of {username} that were voided: {voiding.judgments}."
            messages.success(request, message)
            return redirect("batch", batch_id)
    context = {"form": form, "membership": membership, "batch": membership.batch}
    return render(request, "frontend/void.html", context)
