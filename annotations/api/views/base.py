"""What every call has in common."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
)
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from annotations import intake
from annotations.api.authentication import TokenAuthentication
from annotations.api.errors import TooLarge
from annotations.api.fields import Strict
from annotations.api.parsers import StrictJSONParser, UploadParser
from annotations.api.permissions import IsAdmin
from annotations.api.schema import Schema
from annotations.errors import Invalid, NotFound
from annotations.models import Batch, User

Body = TypeVar("Body", bound=Strict)
FORM_SPARE = 64 * 1024  # what a form holds besides its file


class OneFormat(BaseContentNegotiation):
    """Every address has one format, whatever is asked for."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """The parser of the body's content type, None (415) where there is none."""
        for parser in parsers:
            if (request.content_type or "").split(";")[0].strip() == parser.media_type:
                return parser
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        """The only one."""
        only = next(iter(renderers))
        return only, only.media_type


class ApiView(APIView):
    """A call of the API: token or session, JSON, problems (`errors.handle`)."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (
        TokenAuthentication,
        SessionAuthentication,
    )
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = OneFormat
    schema = Schema()

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The methods are in the Allow header; the rest is in the schema."""
        return Response(status=204)

    @property
    def user(self) -> User:
        """Who asks; permissions have let somebody signed in through."""
        assert isinstance(self.request.user, User)
        return self.request.user


class UploadView(ApiView):
    """A call by which admins send a file in."""

    permission_classes = (IsAdmin,)
    parser_classes = (UploadParser,)
    command = ""  # what takes more than a form may hold

    def perform_authentication(self, request: Request) -> None:
        """Look at size and session first: a session's CSRF check reads the whole form."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > self.limit + FORM_SPARE:
            raise TooLarge(
                f"Uploads may have {self.limit} bytes; for more use the command "
                f"`manage.py {self.command}`."
            )
        who = request._request.user
        if isinstance(who, User) and who.is_active and not who.is_admin:
            raise PermissionDenied
        super().perform_authentication(request)

    @property
    def limit(self) -> int:
        """The most bytes that a file may have."""
        return settings.UPLOAD_MAX_BYTES


def read(shape: type[Body], request: Request) -> dict[str, Any]:
    """The body's values, checked; errors name the fields."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return body.validated_data


def ask(shape: type[Serializer], request: Request) -> dict[str, Any]:
    """The query's values, checked."""
    # A plain dict: in a form an empty value would count as none.
    query = shape(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return query.validated_data


def key_of(written: str) -> str:
    """The key that an address means; NotFound where it means none, so nothing has it."""
    try:
        return intake.normalise_key(written)
    except Invalid as error:
        raise NotFound(f"There is no entity {written}.") from error


def batch_for(user: User, number: int) -> Batch:
    """An admin's batch, or one that this judge judges now; NotFound else."""
    batches = Batch.objects.all() if user.is_admin else own_batches(user)
    batch = batches.filter(pk=number).first()
    if batch is None:
        raise NotFound(f"There is no batch {number}.")
    return batch


def own_batches(judge: User) -> Any:
    """The batches that somebody judges now."""
    return Batch.objects.filter(
        batchjudge__judge=judge, batchjudge__removed_at__isnull=True
    )
