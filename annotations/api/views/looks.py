"""Second looks: a judge is asked again and sees what the others said."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication
from annotations.api.pagination import ListQuery, listed, page_of
from annotations.api.permissions import IsJudge
from annotations.api.schema import answers
from annotations.api.serializers.looks import (
    LookLine,
    LookShape,
    SecondAnswer,
    look_as_json,
)

from .base import ApiView, read


class SecondLooks(ApiView):
    """What waits for the judge."""

    permission_classes = (IsJudge,)

    @extend_schema(parameters=[ListQuery], responses=answers({200: listed(LookLine)}))
    def get(self, request: Request) -> Response:
        """List own second looks that can be answered."""
        looks = adjudication.looks_of(self.user)
        return page_of(request, looks, lambda rows: LookLine(rows, many=True).data)


class SeeLook(ApiView):
    """Opening."""

    permission_classes = (IsJudge,)

    @extend_schema(request=None, responses=answers({200: LookShape}))
    def post(self, request: Request, id: int) -> Response:
        """Show the others' words. What is said from then on is not independent."""
        return Response(look_as_json(adjudication.see(look=id, judge=self.user)))


class AnswerLook(ApiView):
    """Answering."""

    permission_classes = (IsJudge,)

    @extend_schema(
        request=SecondAnswer,
        responses=answers({204: None}, 409, described="It is recorded."),
    )
    def post(self, request: Request, id: int) -> Response:
        """Say the same again or something else, and why."""
        said = read(SecondAnswer, request)
        adjudication.answer(look=id, judge=self.user, **said)
        return Response(status=204)
