"""Create and change users. The last active admin cannot be removed."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from annotations import queue
from annotations.errors import Invalid, WrongState
from annotations.models import Role, User, audit

from . import invitations
from .roles import valid_roles


def active_judges() -> QuerySet[User]:
    """Return the active users with the role judge, by name."""
    users = User.objects.filter(is_active=True, roles__contains=[Role.JUDGE])
    return users.order_by("username")


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
    """Create a user. Raises WrongState if the name is taken, ignoring case.

    Without a password, the user cannot sign in with one. `is_checked=False` accepts any
    password: it is for those that the operator sets in the environment.
    """
    user = User(username=User.normalize_username(username), email=email)
    _set_roles(user, roles)
    _check_name(user)
    _set_password(user, password, is_checked=is_checked)
    if User.objects.filter(username__iexact=user.username).exists():
        raise WrongState(f'There is already a user named "{user.username}".')
    user.save()
    audit.write("user-made", by=by, user=user.pk, roles=list(user.roles))
    return user


def change(*, user: User, by: User | None, **fields: Any) -> User:
    """Change the given fields of a user: roles, is_active, email or password.

    A user who stops being an active judge loses held pages. The open invitations of a
    user who stops being an active admin are withdrawn. A new password and a deactivation
    revoke all tokens; sessions end by themselves. Raises WrongState if the user is the
    last active admin and would no longer be one.
    """
    was_judge = user.is_active and user.is_judge
    user = _change(user, by, fields)
    if was_judge != (user.is_active and user.is_judge):
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
        raise WrongState(
            "The last active admin cannot be removed. Add another admin first."
        )
    # Without the username: a trigger before an update of a key column would lock the row
    # against foreign keys to it, so against leases under way.
    user.save(update_fields=["roles", "password", "email", "is_active"])
    user.refresh_from_db(fields=["unblinded_upto"])  # a trigger sets it
    if not (user.is_active and user.is_judge):
        queue.release_all(judge=user)
    if not (user.is_active and user.is_adjudicator):
        queue.release_conflicts(user)
    if not (user.is_active and user.is_admin):
        invitations.withdraw_all_of(user, by=by)
    if "password" in fields or not user.is_active:
        user.auth_token_set.all().delete()  # type: ignore[attr-defined]
    audit.write("user-changed", by=by, user=user.pk, fields=sorted(fields))
    return user


def _locked_admins() -> set[int]:
    """Lock the active admins, so that two simultaneous removals cannot remove them all.

    Return their ids.
    """
    admins = User.objects.filter(is_active=True, roles__contains=[Role.ADMIN])
    rows = admins.select_for_update(no_key=True).order_by("pk")
    return set(rows.values_list("pk", flat=True))


def _set_roles(user: User, roles: Sequence[str]) -> None:
    user.roles = valid_roles(roles)


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
