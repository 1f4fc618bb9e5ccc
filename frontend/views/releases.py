"""An admin's pages of releases: request one, watch its progress, download its files."""

from functools import partial
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_htmx.http import HttpResponseClientRefresh

from annotations import releases as stage
from annotations import tasks
from annotations.errors import Invalid
from annotations.models import Batch, Release, ReleaseState, User
from annotations.releases.files import CROPS, SPLITS, SUBSETS
from frontend.forms import add_errors
from frontend.forms.releases import ContentForm, ReleaseForm

from .access import PersonRequest, admins_only, number_of
from .actions import perform
from .paging import first_rows, newest

SHOWN = 25
CHANGES_SHOWN = 200
CHANGES_SECONDS = 5
EARLIER_SHOWN = 50
# Paths of files below their release in the API that differ from the file's name.
ADDRESSES = {
    stage.measurement_name(subset, split, crop): (
        f"measurement.tsv?subset={subset}&split={split}&image={crop}"
    )
    for subset in SUBSETS
    for split in SPLITS
    for crop in CROPS
} | {f"key-{subset}.tsv": f"key.tsv?subset={subset}" for subset in SUBSETS}


@admins_only
@require_safe
def releases(request: PersonRequest) -> HttpResponse:
    """List releases, newest first."""
    context = newest(request, Release.objects.all(), SHOWN, "releases")
    context["is_running"] = any(
        release.state in stage.UNFINISHED for release in context["releases"]
    )
    template = "frontend/releases.html"
    return render(request, template + "#list" if request.htmx else template, context)


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Request a release, or show at the fields why it cannot be made."""
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            release = _request(request.user, form.cleaned_data)
        except Invalid as invalid:
            add_errors(form, invalid)
        else:
            return redirect("release", release.pk)
    return render(request, "frontend/new_release.html", {"form": form})


@transaction.atomic
def _request(by: User, fields: dict[str, Any]) -> Release:
    release = stage.request(by=by, **fields)
    transaction.on_commit(partial(tasks.make_release.delay, release.pk))
    return release


@admins_only
@require_POST
def preview(request: PersonRequest) -> HttpResponse:
    """Show the content of a release of the chosen batches; for htmx only that part."""
    form = ContentForm(request.POST)
    content = None
    if form.is_valid():
        try:
            content = stage.preview(form.cleaned_data["batches"])
        except Invalid as invalid:
            add_errors(form, invalid)
    context: dict[str, Any] = {"asked": form, "found": content}
    if content is not None and content.open:
        batch_ids = form.cleaned_data["batches"]
        context["chosen"] = Batch.objects.filter(pk__in=batch_ids).order_by("pk")
    if request.htmx:
        return render(request, "frontend/new_release.html#found", context)
    initial = {**request.POST.dict(), "batches": request.POST.getlist("batches")}
    context["form"] = ReleaseForm(initial=initial)
    return render(request, "frontend/new_release.html", context)


@admins_only
@require_safe
def show(request: PersonRequest, release_id: int) -> HttpResponse:
    """Show a release's progress, files, and differences from an earlier release.

    For htmx, render only the progress, and reload the page when the release is ready.
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


def _earlier(release: Release) -> QuerySet[Release]:
    releases = Release.objects.filter(state=ReleaseState.DONE, pk__lt=release.pk)
    return releases.order_by("-pk")[:EARLIER_SHOWN]


def _difference(release: Release, since: int | None) -> dict[str, Any]:
    """Return the first changes since an earlier release, if `since` names one.

    The search stops after some seconds, because the files can be long.
    """
    finished = Release.objects.filter(state=ReleaseState.DONE)
    older = None if since is None else finished.filter(pk=since).first()
    if older is None or release.state != ReleaseState.DONE:
        return {}
    changes: list[stage.Change] = []
    is_whole = True
    try:
        all_changes = stage.changes(release, older, seconds=CHANGES_SECONDS)
        changes.extend(islice(all_changes, CHANGES_SHOWN + 1))
    except stage.TooLong:
        is_whole = False
    page = first_rows(changes, CHANGES_SHOWN)
    return {
        "since": older,
        "changes": page.rows,
        "has_more_changes": page.has_more,
        "is_whole": is_whole,
    }


@admins_only
@require_POST
def retry(request: PersonRequest, release_id: int) -> HttpResponse:
    """Make a failed release again."""
    release = _release(release_id)

    @transaction.atomic
    def action() -> None:
        stage.retry(release=release, by=request.user)
        transaction.on_commit(partial(tasks.make_release.delay, release.pk))

    perform(request, action, "The release is being made again.")
    return redirect("release", release.pk)


@admins_only
@require_POST
def delete(request: PersonRequest, release_id: int) -> HttpResponse:
    """Delete a failed release. Finished releases cannot be deleted."""
    release = _release(release_id)
    action = partial(stage.delete, release=release, by=request.user)
    if perform(request, action, f"{release.name} is deleted."):
        return redirect("releases")
    return redirect("release", release.pk)


def _release(release_id: int) -> Release:
    return get_object_or_404(
        Release.objects.select_related("created_by"), pk=release_id
    )
