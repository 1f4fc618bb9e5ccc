"""Entities: for admins, and without counts for the judges of their batches."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from annotations import adjudication, entities, erasure, images
from annotations.api.pagination import LIMIT_DEFAULT, listed, page_of
from annotations.api.permissions import IsAdmin, IsAdminOrReadingJudge, IsAtWork
from annotations.api.schema import answers, binary
from annotations.api.serializers.entities import (
    EntityChange,
    EntityInFull,
    EntityLine,
    EntityQuery,
    EntityShape,
)
from annotations.errors import NotFound
from annotations.models import BatchEntity, Entity, User

from . import pictures
from .base import ApiView, ask, key_of, own_batches, read


class Entities(ApiView):
    """The entities of an admin (all), of a judge (those of own batches)."""

    permission_classes = (IsAdminOrReadingJudge,)

    @extend_schema(
        parameters=[EntityQuery], responses=answers({200: listed(EntityLine)})
    )
    def get(self, request: Request) -> Response:
        """List entities; admins may ask for those whose key or name begins so."""
        asked = ask(EntityQuery, request)
        if (text := asked.get("search")) is not None:
            return _found(request, self.user, text, asked)
        return page_of(
            request,
            _entities(self.user),
            lambda rows: EntityLine(rows, many=True).data,
        )


class OneEntity(ApiView):
    """An entity by key."""

    permission_classes = (IsAdminOrReadingJudge,)

    @extend_schema(responses=answers({200: EntityInFull}))
    def get(self, request: Request, key: str) -> Response:
        """Show an entity."""
        return Response(_shown(_entity(key, self.user), self.user, request))

    @extend_schema(request=EntityChange, responses=answers({200: EntityInFull}))
    def patch(self, request: Request, key: str) -> Response:
        """Change properties, or choose the representative."""
        fields = read(EntityChange, request)
        entity = _entity(key, self.user)
        entity = entities.change(entity=entity, by=self.user, **fields)
        return Response(_shown(entity, self.user, request))

    @extend_schema(responses=answers({204: None}, described="It is erased."))
    def delete(self, request: Request, key: str) -> Response:
        """Erase an entity everywhere; its key can never return. Again: the same."""
        erasure.erase_entity(key=key_of(key), by=self.user)
        return Response(status=204)


class Representative(ApiView):
    """The picture that shows who an entity is."""

    permission_classes = (IsAtWork,)

    @extend_schema(
        responses=answers(binary(*pictures.TYPES) | {304: None}, described="Same.")
    )
    def get(self, request: Request, key: str) -> HttpResponseBase:
        """The picture chosen, else the ready one of the lowest rank."""
        entity = _entity_to_look_at(key, self.user)
        candidate, _ = images.representative_of(entity)
        if candidate is None:
            raise NotFound("This entity has no picture.")
        image = pictures.image_of(candidate)
        return pictures.answer(
            request, self.user, image, "representative", pictures.full
        )


class OneImage(ApiView):
    """A picture by digest."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({204: None}, described="It is erased."))
    def delete(self, request: Request, sha256: str) -> Response:
        """Erase a picture everywhere; its bytes can never return. Again: the same."""
        erasure.erase_image(sha256=sha256, by=self.user)
        return Response(status=204)


def _found(request: Request, user: User, text: str, asked: dict[str, Any]) -> Response:
    if not user.is_admin:
        raise PermissionDenied
    limit = asked.get("limit", LIMIT_DEFAULT)
    found = entities.find(text.strip(), asked.get("cursor"), limit)
    following = None
    if found.following is not None:
        here = request.build_absolute_uri()
        following = replace_query_param(here, "cursor", str(found.following))
    shown = EntityLine(found.entities, many=True).data
    return Response({"next": following, "results": shown})


def _entities(user: User) -> QuerySet[Entity]:
    present = Entity.objects.filter(key__isnull=False)
    if user.is_admin:
        return present
    shown = BatchEntity.objects.filter(batch__in=own_batches(user))
    return present.filter(pk__in=shown.values("entity"))


def _entity(key: str, user: User) -> Entity:
    entity = _entities(user).filter(key=key_of(key)).first()
    if entity is None:
        raise NotFound(f"There is no entity {key}.")
    return entity


def _entity_to_look_at(key: str, user: User) -> Entity:
    """Adjudicators, too, may see whose candidates are in the conflicts."""
    try:
        return _entity(key, user)
    except NotFound:
        entity = Entity.objects.filter(key=key_of(key)).first()
        can_see = entity is not None and user.is_adjudicator
        if entity is None or not (can_see and adjudication.may_see_entity(entity)):
            raise
        return entity


def _shown(entity: Entity, user: User, request: Request) -> Any:
    shape = EntityInFull if user.is_admin else EntityShape
    representative = images.representative_of(entity)
    context = {"request": request, "representative": representative}
    return shape(entity, context=context).data
