"""Invitations: an admin makes and withdraws them, whoever has the link accepts it."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import people
from annotations.api import throttles
from annotations.api.errors import LockedOut
from annotations.api.pagination import NEWEST_FIRST, ListQuery, listed, page_of
from annotations.api.permissions import IsAdmin
from annotations.api.schema import RETRY_AFTER, answers
from annotations.api.serializers.invitations import Acceptance as AcceptanceBody
from annotations.api.serializers.invitations import (
    InvitationShape,
    NewInvitation,
    NewInvitationShape,
)
from annotations.api.serializers.people import Me
from annotations.errors import NotFound
from annotations.models import Invitation

from .base import ApiView, read


class Invitations(ApiView):
    """All invitations."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(InvitationShape)})
    )
    def get(self, request: Request) -> Response:
        """List invitations, open or over, newest first."""
        rows = Invitation.objects.select_related("by", "accepted_by")
        return page_of(
            request,
            rows,
            lambda found: InvitationShape(found, many=True).data,
            NEWEST_FIRST,
        )

    @extend_schema(
        request=NewInvitation, responses=answers({201: NewInvitationShape}, 409)
    )
    def post(self, request: Request) -> Response:
        """Invite somebody. The answer holds the link, this once."""
        invitation, secret = people.invite(by=self.user, **read(NewInvitation, request))
        # The page is the other face's; its name is all that is known of it here.
        link = request.build_absolute_uri(reverse("invitation", args=[secret]))
        shown = InvitationShape(invitation).data
        is_mailed = people.send_invitation(invitation=invitation, link=link)
        shown |= {"url": link, "is_mailed": is_mailed}
        return Response(shown, status=201)


class OneInvitation(ApiView):
    """An invitation."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: InvitationShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show an invitation."""
        return Response(InvitationShape(_invitation(id)).data)

    @extend_schema(
        responses=answers({204: None}, 409, described="The link is void."),
    )
    def delete(self, request: Request, id: int) -> Response:
        """Withdraw an invitation; 409 once it has been accepted."""
        people.withdraw(invitation=_invitation(id), by=self.user)
        return Response(status=204)


class Acceptance(ApiView):
    """The other end of an invitation's link, for programs."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        request=AcceptanceBody,
        parameters=[RETRY_AFTER],
        responses=answers({201: Me}, 404, 409, 410, 429),
    )
    def post(self, request: Request) -> Response:
        """Make the user whom the invitation is for; 410 says why it is over."""
        body = read(AcceptanceBody, request)
        if wait := throttles.wait_for(request):
            raise LockedOut(wait=wait)
        try:
            user = people.accept(**body)
        except NotFound:
            throttles.count_failure(request)
            raise
        return Response(Me(user).data, status=201)


def _invitation(number: int) -> Invitation:
    rows = Invitation.objects.select_related("by", "accepted_by")
    invitation = rows.filter(pk=number).first()
    if invitation is None:
        raise NotFound(f"There is no invitation {number}.")
    return invitation
