"""Permissions by role. Views and stages check who owns an object, and answer 404."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.models import User


class RolePermission(BasePermission):
    """Admits signed-in users whose roles allow the request."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Check that a user is signed in and has a suitable role."""
        user: User | AnonymousUser = request.user
        return isinstance(user, User) and self.admits(user, request)

    def admits(self, user: User, request: Request) -> bool:
        """Check the roles of a signed-in user."""
        raise NotImplementedError


class IsAdmin(RolePermission):
    """Admits admins."""

    def admits(self, user: User, request: Request) -> bool:
        """Check for the role admin."""
        return user.is_admin


class IsJudge(RolePermission):
    """Admits judges."""

    def admits(self, user: User, request: Request) -> bool:
        """Check for the role judge."""
        return user.is_judge


class IsAdjudicator(RolePermission):
    """Admits adjudicators. Admins count as adjudicators."""

    def admits(self, user: User, request: Request) -> bool:
        """Check for the role adjudicator."""
        return user.is_adjudicator


class IsAtWork(RolePermission):
    """Admits admins, adjudicators and judges."""

    def admits(self, user: User, request: Request) -> bool:
        """Check for any role."""
        return user.is_judge or user.is_adjudicator


class IsAdminOrJudge(RolePermission):
    """Admits admins and judges."""

    def admits(self, user: User, request: Request) -> bool:
        """Check for the role admin or judge."""
        return user.is_admin or user.is_judge


class IsAdminOrReadingJudge(RolePermission):
    """Admits admins, and judges who read."""

    def admits(self, user: User, request: Request) -> bool:
        """Check for the role admin, or judge with a safe method."""
        return user.is_admin or (user.is_judge and request.method in SAFE_METHODS)
