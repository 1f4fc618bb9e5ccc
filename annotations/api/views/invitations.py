"""Invitations: admins create and withdraw them, the invited person accepts."""

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import people
from annotations.api import throttles
from annotations.api.errors import LockedOut
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.schema import RETRY_AFTER, list_operation, operation
from annotations.api.serializers.invitations import (
    Acceptance,
    InvitationShape,
    NewInvitation,
    NewInvitationShape,
)
from annotations.api.serializers.users import Me
from annotations.errors import NotFound
from annotations.models import Invitation

from .base import ApiViewSet, get_or_404, read_body


class InvitationViewSet(ApiViewSet):
    """Invitations."""

    @list_operation(InvitationShape)
    def list(self, request: Request) -> Response:
        """List invitations in every state, newest first."""
        return paginate(request, _invitations(), InvitationShape, NEWEST_FIRST)

    @operation({201: NewInvitationShape}, 409, request=NewInvitation)
    def create(self, request: Request) -> Response:
        """Invite a person. Only this response contains the link."""
        body = read_body(NewInvitation, request)
        invitation, secret = people.invite(by=self.user, **body)
        # The page belongs to `frontend`; the API knows only the name of its address.
        link = request.build_absolute_uri(reverse("invitation", args=[secret]))
        fields = InvitationShape(invitation).data
        is_mailed = people.send_invitation(invitation=invitation, link=link)
        return Response({**fields, "url": link, "is_mailed": is_mailed}, status=201)

    @operation({200: InvitationShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show an invitation."""
        return Response(InvitationShape(get_or_404(_invitations(), id)).data)

    @operation({204: None}, 409, empty="The link is no longer valid.")
    def destroy(self, request: Request, id: int) -> Response:
        """Withdraw an invitation; 409 if it has been accepted."""
        people.withdraw(invitation=get_or_404(_invitations(), id), by=self.user)
        return Response(status=204)

    @operation(
        {201: Me}, 404, 409, 410, 429, request=Acceptance, parameters=[RETRY_AFTER]
    )
    @action(
        detail=False,
        methods=["post"],
        authentication_classes=[],
        permission_classes=[AllowAny],
    )
    def accept(self, request: Request) -> Response:
        """Create the invited user; 410 says why the invitation is no longer valid."""
        body = read_body(Acceptance, request)
        if wait := throttles.wait_for(request):
            raise LockedOut(wait=wait)
        try:
            user = people.accept(**body)
        except NotFound:
            throttles.count_failure(request)
            raise
        return Response(Me(user).data, status=201)


def _invitations() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("by", "accepted_by")
