"""Second looks: a judge sees the other votes on a candidate and answers again."""

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import adjudication
from annotations.api.pagination import paginate
from annotations.api.permissions import IsJudge
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.second_looks import (
    SecondAnswer,
    SecondLookLine,
    SecondLookShape,
    second_look_as_json,
)

from .base import ApiViewSet, read_body


class SecondLookViewSet(ApiViewSet):
    """The second looks that a judge is asked for."""

    permission_classes = (IsJudge,)

    @list_operation(SecondLookLine)
    def list(self, request: Request) -> Response:
        """List the judge's second looks that can be answered."""
        return paginate(
            request, adjudication.open_second_looks(self.user), SecondLookLine
        )

    @operation({200: SecondLookShape})
    @action(detail=True, methods=["post"])
    def see(self, request: Request, id: int) -> Response:
        """Show the other votes. The judge's verdict is not independent from then on."""
        second_look = adjudication.show_second_look(second_look_id=id, judge=self.user)
        return Response(second_look_as_json(second_look))

    @operation({204: None}, 409, empty="The answer is recorded.", request=SecondAnswer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, id: int) -> Response:
        """Confirm or change the verdict, with an argument."""
        body = read_body(SecondAnswer, request)
        adjudication.answer_second_look(second_look_id=id, judge=self.user, **body)
        return Response(status=204)
