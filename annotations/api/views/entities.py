"""Entities: for admins, and without counts for the judges of their batches."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication, entities, erasure, images
from annotations.api.pagination import LIMIT_DEFAULT, list_response, paginate
from annotations.api.permissions import IsAdminOrReadingJudge, IsAtWork
from annotations.api.schema import list_operation, operation
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
from .base import (
    ApiViewSet,
    entity_key,
    get_or_404,
    judged_batches,
    read_body,
    read_query,
)


class EntityViewSet(ApiViewSet):
    """All entities for admins; for judges the entities of their batches."""

    permission_classes = (IsAdminOrReadingJudge,)
    lookup_url_kwarg = "key"
    lookup_value_converter = "key"

    @list_operation(EntityLine, query=EntityQuery)
    def list(self, request: Request) -> Response:
        """List entities. Admins can search by the start of key or name."""
        query = read_query(EntityQuery, request)
        if "search" in query:
            return self._search(**query)
        return paginate(request, _visible_entities(self.user), EntityLine)

    @operation({200: EntityInFull})
    def retrieve(self, request: Request, key: str) -> Response:
        """Show an entity."""
        return Response(self._serialize(_visible_entity(key, self.user)))

    @operation({200: EntityInFull}, request=EntityChange)
    def partial_update(self, request: Request, key: str) -> Response:
        """Change properties, or choose the representative."""
        fields = read_body(EntityChange, request)
        entity = _visible_entity(key, self.user)
        entity = entities.change(entity=entity, by=self.user, **fields)
        return Response(self._serialize(entity))

    @operation({204: None}, empty="The entity is erased.")
    def destroy(self, request: Request, key: str) -> Response:
        """Erase an entity everywhere; its key can never return. Repeating is harmless."""
        erasure.erase_entity(key=entity_key(key), by=self.user)
        return Response(status=204)

    @operation(pictures.binary_or_unchanged(*pictures.TYPES), empty="Not modified.")
    @action(detail=True, permission_classes=[IsAtWork])
    def representative(self, request: Request, key: str) -> HttpResponseBase:
        """The picture that was chosen, else the ready one with the lowest rank."""
        entity = _entity_with_visible_pictures(key, self.user)
        candidate, _ = images.representative_of(entity)
        if candidate is None:
            raise NotFound("This entity has no picture.")
        image = pictures.image_of(candidate)
        view = pictures.full_view(is_for_admin=self.user.is_admin)
        return pictures.respond(request, self.user, image, "representative", view)

    def _search(
        self, search: str, cursor: int | None = None, limit: int = LIMIT_DEFAULT
    ) -> Response:
        if not self.user.is_admin:
            raise PermissionDenied
        result = entities.find(search.strip(), cursor, limit)
        lines = EntityLine(result.entities, many=True).data
        return list_response(self.request, lines, result.following)

    def _serialize(self, entity: Entity) -> Any:
        shape = EntityInFull if self.user.is_admin else EntityShape
        representative = images.representative_of(entity)
        context = {"request": self.request, "representative": representative}
        return shape(entity, context=context).data


class ImageViewSet(ApiViewSet):
    """Pictures by digest."""

    lookup_url_kwarg = "sha256"
    lookup_value_converter = "digest"

    @operation({204: None}, empty="The picture is erased.")
    def destroy(self, request: Request, sha256: str) -> Response:
        """Erase a picture everywhere; its bytes can never return. Repeating is harmless."""
        erasure.erase_image(sha256=sha256, by=self.user)
        return Response(status=204)


def _visible_entities(user: User) -> QuerySet[Entity]:
    rows = Entity.objects.filter(key__isnull=False)
    if user.is_admin:
        return rows
    queue_rows = BatchEntity.objects.filter(batch__in=judged_batches(user))
    return rows.filter(pk__in=queue_rows.values("entity"))


def _visible_entity(key: str, user: User) -> Entity:
    return get_or_404(_visible_entities(user), entity_key(key), "key")


def _entity_with_visible_pictures(key: str, user: User) -> Entity:
    """Return an entity that the user can see, or one with candidates in the conflicts."""
    try:
        return _visible_entity(key, user)
    except NotFound:
        entity = Entity.objects.filter(key=entity_key(key)).first()
        is_visible = (
            entity is not None
            and user.is_adjudicator
            and adjudication.can_see_entity(entity)
        )
        if entity is None or not is_visible:
            raise
        return entity
