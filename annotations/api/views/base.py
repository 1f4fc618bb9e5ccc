"""The base classes of all views, and the reading of bodies, queries and addresses."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
)
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from annotations import intake
from annotations.api.authentication import TokenAuthentication
from annotations.api.errors import TooLarge
from annotations.api.fields import StrictSerializer
from annotations.api.parsers import StrictJSONParser, UploadParser
from annotations.api.permissions import IsAdmin
from annotations.api.schema import Schema
from annotations.errors import Invalid, NotFound
from annotations.models import Batch, User

Row = TypeVar("Row", bound=Model)
FORM_SPARE = 64 * 1024  # bytes of an upload form besides its file


class OneFormat(BaseContentNegotiation):
    """Content negotiation for addresses with one format. The Accept header is ignored."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """Return the parser of the body's content type; None leads to 415."""
        content_type = (request.content_type or "").split(";")[0].strip()
        return next((p for p in parsers if p.media_type == content_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        """Return the only renderer."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ApiView(APIView):
    """A view of the API: token or session, JSON, problems (`errors.handle`)."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (
        TokenAuthentication,
        SessionAuthentication,
    )
    permission_classes: Sequence[type[BasePermission]] = (IsAdmin,)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OneFormat
    schema = Schema()

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Answer with the methods in the Allow header; the schema has the rest."""
        return Response(status=204)

    @property
    def user(self) -> User:
        """The user of the request; the permissions admit signed-in users only."""
        assert isinstance(self.request.user, User)
        return self.request.user


class ApiViewSet(ViewSetMixin, ApiView):
    """All calls about one kind of object, which an id in the address identifies.

    Only admins can make them, unless the set or an action has other permissions.
    """

    lookup_url_kwarg = "id"
    lookup_value_converter = "id"


class UploadViewSet(ApiViewSet):
    """Calls about objects that admins create by sending a file."""

    parser_classes = (UploadParser,)
    command = ""  # accepts files that are larger than a form can hold

    def perform_authentication(self, request: Request) -> None:
        """Check size and session first: CSRF protection of a session reads the form."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > self.limit + FORM_SPARE:
            raise TooLarge(
                f"Uploads can have {self.limit} bytes. For larger files use the command "
                f"`manage.py {self.command}`."
            )
        user = request._request.user
        if isinstance(user, User) and user.is_active and not user.is_admin:
            raise PermissionDenied
        super().perform_authentication(request)

    @property
    def limit(self) -> int:
        """The maximum size of the file in bytes."""
        return int(settings.UPLOAD_MAX_BYTES)


def read_body(shape: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the validated values of the body; errors name the fields."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def read_query(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the validated values of the query string."""
    # A QueryDict would make the serializer treat empty values as absent.
    query = shape(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def get_or_404(rows: QuerySet[Row], value: object, field: str = "pk") -> Row:
    """Return the row with this value; NotFound names the model and the value."""
    row = rows.filter(**{field: value}).first()
    if row is None:
        raise NotFound(f"There is no {rows.model._meta.verbose_name} {value}.")
    return row


def entity_key(text: str) -> str:
    """Return the normalised key of an address; NotFound where it cannot be a key."""
    try:
        return intake.normalise_key(text)
    except Invalid as error:
        raise NotFound(f"There is no entity {text}.") from error


def visible_batches(user: User) -> QuerySet[Batch]:
    """Return all batches for an admin, for others those that they judge now."""
    rows = Batch.objects.select_related("current_guidelines")
    return rows if user.is_admin else judged_batches(user)


def judged_batches(judge: User) -> QuerySet[Batch]:
    """Return the batches that a user judges now."""
    return Batch.objects.select_related("current_guidelines").filter(
        batchjudge__judge=judge, batchjudge__removed_at__isnull=True
    )


def visible_batch(user: User, id: int) -> Batch:
    """Return a batch that the user can see."""
    return get_or_404(visible_batches(user), id)
