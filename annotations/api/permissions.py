"""Who may call at all; whose objects they are, views and stages decide (by a 404)."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.models import User


def _has_role(user: User | AnonymousUser, *, judges: bool) -> bool:
    if not isinstance(user, User):
        return False
    return user.is_admin or (judges and user.is_judge)


class IsAdmin(BasePermission):
    """Admins."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether an admin asks."""
        return _has_role(request.user, judges=False)


class IsJudge(BasePermission):
    """Judges, for what is about their own pages."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether a judge asks."""
        return isinstance(request.user, User) and request.user.is_judge


class IsAdjudicator(BasePermission):
    """Adjudicators; admins may do all that they may."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether somebody asks who settles conflicts."""
        return isinstance(request.user, User) and request.user.is_adjudicator


class IsAtWork(BasePermission):
    """Admins, adjudicators and judges, each for what is theirs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether somebody with a role asks."""
        user = request.user
        return isinstance(user, User) and (user.is_judge or user.is_adjudicator)


class IsAdminOrJudge(BasePermission):
    """Admins, and judges for what is theirs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether an admin or a judge asks."""
        return _has_role(request.user, judges=True)


class IsAdminOrReadingJudge(BasePermission):
    """Admins; judges only read, and only what is theirs."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether an admin asks, or a judge who reads."""
        return _has_role(request.user, judges=request.method in SAFE_METHODS)
