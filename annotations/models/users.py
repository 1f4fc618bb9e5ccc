"""People who work here."""

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


class Role(models.TextChoices):
    """What a person may do; a person may have several roles."""

    JUDGE = "judge"
    ADJUDICATOR = "adjudicator"
    ADMIN = "admin"


class UserManager(BaseUserManager["User"]):
    """Makes users with a usable password."""

    def create_user(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Make a user; `fields` may hold email and roles."""
        name = self.model.normalize_username(username)
        user: User = self.model(username=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Make an admin (Django's `createsuperuser`)."""
        return self.create_user(username, password, roles=[Role.ADMIN], **fields)


class User(AbstractBaseUser):
    """A person with a sign-in name and roles. Judges are users with the role judge."""

    username = models.CharField(
        max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    email = models.EmailField(blank=True, default="")
    roles = ArrayField(
        models.CharField(max_length=16, choices=Role.choices), default=list, blank=True
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)

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

    def __str__(self) -> str:
        return self.username

    @property
    def is_admin(self) -> bool:
        """Whether this person may do everything, adjudicating included."""
        return Role.ADMIN in self.roles

    @property
    def is_judge(self) -> bool:
        """Whether this person may be asked to judge."""
        return Role.JUDGE in self.roles

    @property
    def is_adjudicator(self) -> bool:
        """Whether this person settles conflicts."""
        return Role.ADJUDICATOR in self.roles or self.is_admin

    @property
    def judges_independently(self) -> bool:
        """Adjudicators and admins can see votes, so theirs are never independent."""
        return not self.is_adjudicator

    @property
    def pseudonym(self) -> str:
        """A stable name for exports that says nothing of the person."""
        key = settings.SECRET_KEY.encode()
        digest = hmac.new(key, f"judge:{self.pk}".encode(), hashlib.sha256)
        return f"judge-{digest.hexdigest()[:12]}"

    # What Django's admin site asks of a user.
    @property
    def is_staff(self) -> bool:
        """Admins may enter Django's admin site."""
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        """Admins hold every permission of Django's admin site."""
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Admins hold every permission."""
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        """Admins see every application of Django's admin site."""
        return self.is_active and self.is_admin


class InvitationState(models.TextChoices):
    """What became of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Invitation(models.Model):
    """A link by which somebody may make a user for themselves, once and for a while.

    Only the SHA-256 of the link's secret is kept.
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
        """Open, or why it cannot be accepted any more."""
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.withdrawn_at:
            return InvitationState.WITHDRAWN
        is_over = self.expires_at <= timezone.now()
        return InvitationState.EXPIRED if is_over else InvitationState.OPEN
