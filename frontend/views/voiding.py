"""An admin's page: void all that a judge has said in a batch, with a reason."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotations import judgments
from annotations.errors import Invalid, NotFound
from annotations.models import BatchJudge
from frontend.forms import ReasonForm, blame

from .access import PersonRequest, admins_only


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def void(request: PersonRequest, batch_id: int, username: str) -> HttpResponse:
    """Say what it does and ask for the reason, then do it."""
    membership = (
        BatchJudge.objects.select_related("batch", "judge")
        .filter(batch=batch_id, judge__username=username)
        .first()
    )
    if membership is None:
        raise Http404
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
            blame(form, invalid)
        else:
            said = f"{voiding.judgments} judgments of {username} are voided."
            messages.success(request, said)
            return redirect("batch", batch_id)
    context = {"form": form, "membership": membership, "batch": membership.batch}
    return render(request, "frontend/void.html", context)
