"""Errors of the domain. The API, the pages and the commands each translate them once."""

from collections.abc import Mapping, Sequence
from typing import Any


class LabelerError(Exception):
    """Base of all domain errors: a message for people and fields for programs.

    `slug` is the last part of the API's problem type. It never changes.
    """

    slug = "error"

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class Invalid(LabelerError):
    """Input that breaks a rule. `errors` has messages by field or line."""

    slug = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        name, messages = next(iter(errors.items()))
        super().__init__(f"{name}: {messages[0]}")
        self.errors = errors


class NotFound(LabelerError):
    """There is no such thing, or this user is not allowed to know of it."""

    slug = "not-found"


class WrongState(LabelerError):
    """The action is not possible in the current state."""

    slug = "conflict"


class LeaseLost(WrongState):
    """The lease of a page has ended, and the page is back in the queue."""

    slug = "lease-lost"


class TwoHeld(WrongState):
    """A judge already holds two pages of a batch, which is the limit."""

    slug = "two-held"


class PageIncomplete(WrongState):
    """A page cannot be submitted while a required tile has no verdict."""

    slug = "incomplete"


class Unreadable(LabelerError):
    """The bytes are not a picture that Labeler accepts. The detail says why."""

    slug = "unreadable"


class UnreadableFile(LabelerError):
    """The whole file of an import cannot be read. The detail says why."""

    slug = "unreadable-file"


class ImportStopped(LabelerError):
    """An unexpected error stopped an import. The rows that were read are kept."""

    slug = "stopped"


class Erased(LabelerError):
    """The entity or picture has been erased and must not return."""

    slug = "erased"


class InvitationOver(LabelerError):
    """An invitation can no longer be accepted. The subclasses say why."""

    slug = "invitation-over"


class InvitationExpired(InvitationOver):
    """The invitation has expired."""

    slug = "invitation-expired"


class InvitationUsed(InvitationOver):
    """The invitation was accepted before."""

    slug = "invitation-used"


class InvitationWithdrawn(InvitationOver):
    """An admin withdrew the invitation, or its sender is no longer an active admin."""

    slug = "invitation-withdrawn"


class NotRecognised(LabelerError):
    """A sign-in provider's user has no account here. The detail says why."""

    slug = "not-recognised"


class MailNotSent(LabelerError):
    """The mail server refused a mail. The action that the mail reports is done."""

    slug = "mail-not-sent"
