"""An admin's pages of entities: find one, see all its candidates, choose its picture."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotations import entities as stage
from annotations import erasure, images, intake
from annotations.errors import Invalid, LabelerError, NotFound
from annotations.models import Candidate, CandidateState, Entity

from .access import PersonRequest, admins_only, number_of

ENTITIES_SHOWN = 50
CANDIDATES_SHOWN = 48


@admins_only
@require_safe
def entities(request: PersonRequest) -> HttpResponse:
    """List entities, or those whose key or name begins as asked."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    found = stage.find(text, number_of(request, "after"), ENTITIES_SHOWN)
    context = {"q": text, "found": found, "is_first": "after" not in request.GET}
    template = (
        "frontend/entities.html#list" if request.htmx else "frontend/entities.html"
    )
    return render(request, template, context)


@admins_only
@require_safe
def show(request: PersonRequest, key: str) -> HttpResponse:
    """Show what is known of an entity, and its candidates beyond `after`."""
    entity = entity_of(key)
    after = candidate_of(entity, number_of(request, "after"))
    rows = stage.candidates_of(entity, after, CANDIDATES_SHOWN + 1)
    shown = rows[:CANDIDATES_SHOWN]
    representative, is_chosen = images.representative_of(entity)
    context = {
        "entity": entity,
        "lines": stage.lines(shown),
        "is_first": after is None,
        "following": shown[-1].pk if len(rows) > CANDIDATES_SHOWN else None,
        "representative": representative,
        "is_chosen": is_chosen,
    }
    return render(request, "frontend/entity.html", context)


@admins_only
@require_safe
def candidate(request: PersonRequest, key: str, candidate_id: int) -> HttpResponse:
    """Show one candidate, and all that happened to it."""
    entity = entity_of(key)
    found = candidate_of(entity, candidate_id)
    if found is None or found.state == CandidateState.ERASED:
        raise Http404
    context: dict[str, Any] = {
        "entity": entity,
        "line": stage.lines([found])[0],
        "events": stage.history(found),
    }
    template = (
        "frontend/candidate.html#history" if request.htmx else "frontend/candidate.html"
    )
    return render(request, template, context)


@admins_only
@require_POST
def choose(request: PersonRequest, key: str) -> HttpResponse:
    """Make one of its pictures the representative; an empty digest takes it back."""
    entity = entity_of(key)
    digest = request.POST.get("digest", "") or None
    try:
        stage.change(entity=entity, by=request.user, representative=digest)
    except LabelerError as error:
        messages.error(request, error.detail)
    else:
        said = (
            "This picture is the representative now." if digest else "None is chosen."
        )
        messages.success(request, said)
    page = number_of(request, "after")
    address = reverse("entity", args=[key])
    return redirect(f"{address}?after={page}" if page is not None else address)


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: PersonRequest, key: str) -> HttpResponse:
    """Say what an erasure does, and do it once the key has been typed."""
    entity = entity_of(key)
    context = {"entity": entity, "is_wrong": False}
    if request.method == "POST":
        if request.POST.get("key", "").strip() == entity.key:
            erasure.erase_entity(key=key, by=request.user)
            messages.success(request, "The entity is erased. Its key cannot return.")
            return redirect("entities")
        context["is_wrong"] = True
    return render(request, "frontend/erase_entity.html", context)


def entity_of(key: str) -> Entity:
    """The entity that an address means; there is no page where it means none."""
    try:
        found = Entity.objects.filter(key=intake.normalise_key(key)).first()
    except (Invalid, NotFound) as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


def candidate_of(entity: Entity, number: int | None) -> Candidate | None:
    """A candidate of this entity by number, None for any other."""
    if number is None:
        return None
    rows = Candidate.objects.select_related("image")
    return rows.filter(pk=number, entity=entity).first()
