"""An admin's pages of releases: ask for one, watch it being made, take its files."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRefresh

from annotations import releases as stage
from annotations import tasks
from annotations.errors import Invalid, LabelerError
from annotations.models import Batch, Release, ReleaseState, User
from annotations.releases.files import CROPS, SPLITS, SUBSETS
from frontend.forms import add_errors
from frontend.forms.releases import ContentForm, ReleaseForm

from .access import PersonRequest, admins_only, number_of

SHOWN = 25
CHANGES_SHOWN = 200
CHANGES_SECONDS = 5
EARLIER_SHOWN = 50
# Where a file lies below its release in the API, where it is not its own name.
ADDRESSES = {
    stage.measurement_name(subset, split, cut): (
        f"measurement.tsv?subset={subset}&split={split}&image={cut}"
    )
    for subset in SUBSETS
    for split in SPLITS
    for cut in CROPS
} | {f"key-{subset}.tsv": f"key.tsv?subset={subset}" for subset in SUBSETS}


@admins_only
@require_safe
def releases(request: PersonRequest) -> HttpResponse:
    """List releases, newest first."""
    before = number_of(request, "before")
    found = Release.objects.order_by("-pk")
    rows = list((found.filter(pk__lt=before) if before else found)[: SHOWN + 1])
    shown = rows[:SHOWN]
    context = {
        "releases": shown,
        "before": shown[-1].pk if len(rows) > SHOWN else None,
        "is_first": before is None,
        "is_running": any(each.state in stage.UNFINISHED for each in shown),
    }
    template = "frontend/releases.html"
    return render(request, template + "#list" if request.htmx else template, context)


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Ask for a release; what stands in its way is told at the fields."""
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = _ask(request.user, form.cleaned_data)
        except Invalid as invalid:
            add_errors(form, invalid)
        else:
            return redirect("release", asked.pk)
    return render(request, "frontend/new_release.html", {"form": form})


@transaction.atomic
def _ask(by: User, given: dict[str, Any]) -> Release:
    asked = stage.request(by=by, **given)
    transaction.on_commit(partial(tasks.make_release.delay, asked.pk))
    return asked


@admins_only
@require_POST
def preview(request: PersonRequest) -> HttpResponse:
    """Show what a release of the chosen batches would hold; with htmx only that."""
    asked = ContentForm(request.POST)
    found = None
    if asked.is_valid():
        try:
            found = stage.preview(asked.cleaned_data["batches"])
        except Invalid as invalid:
            add_errors(asked, invalid)
    context: dict[str, Any] = {"asked": asked, "found": found}
    if found is not None and found.open:
        numbers = asked.cleaned_data["batches"]
        context["chosen"] = Batch.objects.filter(pk__in=numbers).order_by("pk")
    if request.htmx:
        return render(request, "frontend/new_release.html#found", context)
    context["form"] = ReleaseForm(initial={**request.POST.dict(), **_batches(request)})
    return render(request, "frontend/new_release.html", context)


def _batches(request: PersonRequest) -> dict[str, list[str]]:
    return {"batches": request.POST.getlist("batches")}


@admins_only
@require_safe
def show(request: PersonRequest, release_id: int) -> HttpResponse:
    """Show how far a release is, its files, and how it differs from an earlier one.

    With htmx only how far it is; once it is over the whole page comes anew.
    """
    release = _release(release_id)
    is_over = release.state not in stage.UNFINISHED
    if request.htmx and is_over:
        return HttpResponseClientRefresh()
    context = {"release": release, "is_over": is_over, "files": _files(release)}
    if request.htmx:
        return render(request, "frontend/release.html#progress", context)
    context |= {
        "batches": Batch.objects.filter(pk__in=release.batches).order_by("pk"),
        "removals": release.removals.order_by("pk")[:CHANGES_SHOWN],
        "earlier": _earlier(release),
        **_difference(release, number_of(request, "since")),
    }
    return render(request, "frontend/release.html", context)


def _files(release: Release) -> list[dict[str, Any]]:
    return [
        {"name": name, "address": ADDRESSES.get(name, name), **release.files[name]}
        for name in stage.file_names(release)
    ]


def _earlier(release: Release) -> Any:
    done = Release.objects.filter(state=ReleaseState.DONE, pk__lt=release.pk)
    return done.order_by("-pk")[:EARLIER_SHOWN]


def _difference(release: Release, since: int | None) -> dict[str, Any]:
    """The first changes since an earlier release, where one is named.

    As many as are found in some seconds: the files may be long, and somebody waits.
    """
    done = Release.objects.filter(state=ReleaseState.DONE)
    older = None if since is None else done.filter(pk=since).first()
    if older is None or release.state != ReleaseState.DONE:
        return {}
    found: list[stage.Change] = []
    is_whole = True
    try:
        changes = stage.changes(release, older, seconds=CHANGES_SECONDS)
        found.extend(islice(changes, CHANGES_SHOWN + 1))
    except stage.TooLong:
        is_whole = False
    return {
        "since": older,
        "changes": found[:CHANGES_SHOWN],
        "has_more_changes": len(found) > CHANGES_SHOWN,
        "is_whole": is_whole,
    }


@admins_only
@require_POST
def retry(request: PersonRequest, release_id: int) -> HttpResponse:
    """Make a failed one again."""
    release = _release(release_id)

    @transaction.atomic
    def act() -> None:
        stage.retry(release=release, by=request.user)
        transaction.on_commit(partial(tasks.make_release.delay, release.pk))

    _act(request, act, "It is being made again.")
    return redirect("release", release.pk)


@admins_only
@require_POST
def delete(request: PersonRequest, release_id: int) -> HttpResponse:
    """Delete a failed one; done ones stay for good."""
    release = _release(release_id)
    act = partial(stage.delete, release=release, by=request.user)
    if _act(request, act, f"{release.name} is deleted."):
        return redirect("releases")
    return redirect("release", release.pk)


def _act(request: PersonRequest, act: Callable[[], object], said: str) -> bool:
    try:
        act()
    except LabelerError as error:
        messages.error(request, error.detail)
        return False
    messages.success(request, said)
    return True


def _release(number: int) -> Release:
    found = Release.objects.select_related("created_by").filter(pk=number).first()
    if found is None:
        raise Http404
    return found
