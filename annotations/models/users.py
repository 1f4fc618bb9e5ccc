"""Users and invitations."""

import hashlib
import hmac
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from .triggers import REMEMBER_ROLES


class Role(models.TextChoices):
    """A permission group. A user can have several roles."""

    JUDGE = "judge"
    ADJUDICATOR = "adjudicator"
    ADMIN = "admin"


class UserManager(BaseUserManager["User"]):
    """Creates users."""

    def create_user(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Create a user; `fields` can contain email and roles."""
        name = self.model.normalize_username(username)
        user: User = self.model(username=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Create an admin (Django's `createsuperuser`)."""
        return self.create_user(username, password, roles=[Role.ADMIN], **fields)


class User(AbstractBaseUser):
    """A person with a username and roles. Judges are users with the role judge."""

    username = models.CharField(
        max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    email = models.EmailField(blank=True, default="")
    roles = ArrayField(
        models.CharField(max_length=16, choices=Role.choices), default=list, blank=True
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)
    # The highest id of a candidate that existed when the user stopped being adjudicator
    # or admin. A trigger sets it, and it never falls.
    unblinded_upto = models.BigIntegerField(default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="known_roles"
            ),
            models.UniqueConstraint(Lower("username"), name="one_user_per_name"),
        ]
        triggers: ClassVar = [REMEMBER_ROLES]

    def __str__(self) -> str:
        return self.username

    @property
    def is_admin(self) -> bool:
        """Whether this user can do everything, including adjudication."""
        return Role.ADMIN in self.roles

    @property
    def is_judge(self) -> bool:
        """Whether this user can judge."""
        return Role.JUDGE in self.roles

    @property
    def is_adjudicator(self) -> bool:
        """Whether this user can settle conflicts."""
        return Role.ADJUDICATOR in self.roles or self.is_admin

    def could_see_votes_on(self, candidate: int) -> bool:
        """Return whether the user's roles show, or once showed, votes on a candidate.

        Adjudicators and admins can see votes on pages, in lists, files and exports. That
        they could is enough, so that no page has to store who opened it.
        """
        return self.is_adjudicator or candidate <= self.unblinded_upto

    @property
    def pseudonym(self) -> str:
        """A stable name for exports that does not identify the person."""
        key = settings.SECRET_KEY.encode()
        digest = hmac.new(key, f"judge:{self.pk}".encode(), hashlib.sha256)
        return f"judge-{digest.hexdigest()[:12]}"

    # The interface that Django's admin site requires.
    @property
    def is_staff(self) -> bool:
        """Admins can enter Django's admin site."""
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        """Admins have every permission of Django's admin site."""
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Admins have every permission."""
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        """Admins see every application of Django's admin site."""
        return self.is_active and self.is_admin


class InvitationState(models.TextChoices):
    """The state of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Invitation(models.Model):
    """A link to create one user, valid once and for a limited time.

    Only the SHA-256 of the link's secret is stored.
    """

    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True, default="")
    roles = ArrayField(
        models.CharField(max_length=16, choices=Role.choices), default=list, blank=True
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values),
                name="invited_to_known_roles",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"

    @property
    def state(self) -> InvitationState:
        """Open, or the reason why it can no longer be accepted."""
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.withdrawn_at:
            return InvitationState.WITHDRAWN
        is_over = self.expires_at <= timezone.now()
        return InvitationState.EXPIRED if is_over else InvitationState.OPEN
