"""Make users, change them, and see nobody off by accident."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from annotations import queue
from annotations.errors import Invalid, WrongState
from annotations.models import Conflict, Role, User, audit

from . import invitations
from .roles import known_roles


def judges() -> QuerySet[User]:
    """Who may be asked to judge, by name."""
    active = User.objects.filter(is_active=True, roles__contains=[Role.JUDGE])
    return active.order_by("username")


@transaction.atomic
def create(
    *,
    username: str,
    password: str | None,
    roles: Sequence[str] = (),
    email: str = "",
    by: User | None,
    is_checked: bool = True,
) -> User:
    """Make a user. Names are unique, whatever their case: WrongState where one is taken.

    Without a password nobody signs in by one. `is_checked=False` takes any password: for
    the operator's own, from the environment.
    """
    user = User(username=User.normalize_username(username), email=email)
    _set_roles(user, roles)
    _check_name(user)
    _set_password(user, password, is_checked=is_checked)
    if User.objects.filter(username__iexact=user.username).exists():
        raise WrongState(f"There is a user {user.username} already.")
    user.save()
    audit.write("user-made", by=by, user=user.pk, roles=list(user.roles))
    return user


def change(*, user: User, by: User | None, **fields: Any) -> User:
    """Change roles, is_active, email or password; what is not named stays.

    Who is deactivated, or judges no more, gives held pages back; who is no active admin
    any more has nobody invited any more. A new password and a deactivation end every
    token; sessions end by themselves. The last active admin stays one: WrongState.
    """
    judged = user.is_active and user.is_judge
    user = _change(user, by, fields)
    if judged != (user.is_active and user.is_judge):
        queue.recheck_batches_of(user)
    return user


@transaction.atomic
def _change(user: User, by: User | None, fields: dict[str, Any]) -> User:
    admins = _locked_admins()
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if "roles" in fields:
        _set_roles(user, fields["roles"])
    if "password" in fields:
        _set_password(user, fields["password"])
    user.email = fields.get("email", user.email)
    user.is_active = fields.get("is_active", user.is_active)
    if admins == {user.pk} and not (user.is_active and user.is_admin):
        raise WrongState("The last active admin cannot be removed.")
    user.save()
    if not (user.is_active and user.is_judge):
        queue.release_all(judge=user)
    if not (user.is_active and user.is_adjudicator):
        held = Conflict.objects.filter(held_by=user)
        held.update(held_by=None, held_until=None)
    if not (user.is_active and user.is_admin):
        invitations.withdraw_all_of(user, by=by)
    if "password" in fields or not user.is_active:
        user.auth_token_set.all().delete()  # type: ignore[attr-defined]
    audit.write("user-changed", by=by, user=user.pk, fields=sorted(fields))
    return user


def _locked_admins() -> set[int]:
    """The active admins, locked: two removals at once cannot both find another one."""
    admins = User.objects.filter(is_active=True, roles__contains=[Role.ADMIN])
    locked = admins.select_for_update(no_key=True).order_by("pk")
    return set(locked.values_list("pk", flat=True))


def _set_roles(user: User, roles: Sequence[str]) -> None:
    user.roles = known_roles(roles)


def _check_name(user: User) -> None:
    try:
        user.clean_fields(exclude=["password", "roles", "email"])
    except ValidationError as error:
        raise Invalid(error.message_dict) from error


def _set_password(user: User, password: str | None, *, is_checked: bool = True) -> None:
    try:
        if is_checked and password is not None:
            validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": error.messages}) from error
    user.set_password(password)
