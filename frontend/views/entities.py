"""An admin's pages of entities: search, candidates, representative, erasure."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from annotations import entities as stage
from annotations import erasure, images, intake
from annotations.errors import Invalid, NotFound
from annotations.models import Candidate, CandidateState, Entity

from .access import PersonRequest, admins_only, number_of, search_of
from .actions import perform
from .paging import first_rows

ENTITIES_SHOWN = 50
CANDIDATES_SHOWN = 48


@admins_only
@require_safe
def entities(request: PersonRequest) -> HttpResponse:
    """List entities, or those whose key or name begins with `q`."""
    text = search_of(request, "q")
    results = stage.find(text, number_of(request, "after"), ENTITIES_SHOWN)
    context = {"q": text, "found": results, "is_first": "after" not in request.GET}
    template = (
        "frontend/entities.html#list" if request.htmx else "frontend/entities.html"
    )
    return render(request, template, context)


@admins_only
@require_safe
def show(request: PersonRequest, key: str) -> HttpResponse:
    """Show an entity and its candidates; `after` is a candidate id to continue from."""
    entity = entity_of(key)
    after = candidate_of(entity, number_of(request, "after"))
    page = first_rows(
        stage.candidates_of(entity, after, CANDIDATES_SHOWN + 1), CANDIDATES_SHOWN
    )
    representative, is_chosen = images.representative_of(entity)
    context = {
        "entity": entity,
        "lines": stage.summarise(page.rows),
        "is_first": after is None,
        "following": page.last and page.last.pk,
        "representative": representative,
        "is_chosen": is_chosen,
    }
    return render(request, "frontend/entity.html", context)


@admins_only
@require_safe
def candidate(request: PersonRequest, key: str, candidate_id: int) -> HttpResponse:
    """Show one candidate with its history."""
    entity = entity_of(key)
    row = candidate_of(entity, candidate_id)
    if row is None or row.state == CandidateState.ERASED:
        raise Http404
    context: dict[str, Any] = {
        "entity": entity,
        "line": stage.summarise([row])[0],
        "events": stage.history(row),
    }
    template = (
        "frontend/candidate.html#history" if request.htmx else "frontend/candidate.html"
    )
    return render(request, template, context)


@admins_only
@require_POST
def choose(request: PersonRequest, key: str) -> HttpResponse:
    """Choose the representative; an empty digest removes the choice."""
    entity = entity_of(key)
    digest = request.POST.get("digest", "") or None
    action = partial(
        stage.change, entity=entity, by=request.user, representative=digest
    )
    success = (
        "This picture is now the representative."
        if digest
        else "The representative is no longer chosen by hand."
    )
    perform(request, action, success)
    page = number_of(request, "after")
    address = reverse("entity", args=[key])
    return redirect(f"{address}?after={page}" if page is not None else address)


@admins_only
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: PersonRequest, key: str) -> HttpResponse:
    """Explain the erasure, and erase the entity once its key has been typed."""
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
    """Return the entity of a key in a URL; Http404 when there is none."""
    try:
        normalised = intake.normalise_key(key)
    except (Invalid, NotFound) as error:
        raise Http404 from error
    return get_object_or_404(Entity, key=normalised)


def candidate_of(entity: Entity, candidate_id: int | None) -> Candidate | None:
    """Return a candidate of this entity by id, None when it has no such candidate."""
    if candidate_id is None:
        return None
    candidates = Candidate.objects.select_related("image")
    return candidates.filter(pk=candidate_id, entity=entity).first()
