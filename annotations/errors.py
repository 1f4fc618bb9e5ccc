"""What can go wrong in the domain, by name. Each face translates these once."""

from collections.abc import Mapping, Sequence
from typing import Any


class LabelerError(Exception):
    """Base of all domain errors: a sentence for people and fields for programs.

    `slug` is the stable last part of the API's problem type.
    """

    slug = "error"

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class Invalid(LabelerError):
    """Input that breaks a rule; `errors` names the field or line."""

    slug = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        first = next(iter(errors.items()))
        super().__init__(f"{first[0]}: {first[1][0]}")
        self.errors = errors


class NotFound(LabelerError):
    """No such thing, or none that this person may know of."""

    slug = "not-found"


class WrongState(LabelerError):
    """The act does not fit the present state."""

    slug = "conflict"


class LeaseLost(WrongState):
    """The page went back to the queue."""

    slug = "lease-lost"


class TwoHeld(WrongState):
    """A judge already holds the two pages that may be held of a batch."""

    slug = "two-held"


class PageIncomplete(WrongState):
    """A page cannot be submitted while a tile that is asked for lacks a verdict."""

    slug = "incomplete"


class Unreadable(LabelerError):
    """Bytes that are no picture which Labeler accepts; the detail says why."""

    slug = "unreadable"


class UnreadableFile(LabelerError):
    """An import whose file as a whole cannot be read; the detail says why."""

    slug = "unreadable-file"


class Stopped(LabelerError):
    """An import met an error that nobody foresaw; what it has read is kept."""

    slug = "stopped"


class Erased(LabelerError):
    """What was asked for has been erased and must not return."""

    slug = "erased"


class InvitationOver(LabelerError):
    """An invitation that cannot be accepted any more; its kinds say why."""

    slug = "invitation-over"


class InvitationExpired(InvitationOver):
    """Its time is over."""

    slug = "invitation-expired"


class InvitationUsed(InvitationOver):
    """Somebody has accepted it."""

    slug = "invitation-used"


class InvitationWithdrawn(InvitationOver):
    """An admin took it back, or whoever invited may no longer do so."""

    slug = "invitation-withdrawn"


class NotRecognised(LabelerError):
    """Somebody whom a sign-in provider knows and we do not; the detail says why."""

    slug = "not-recognised"


class MailNotSent(LabelerError):
    """The mail server did not take a mail; what the mail told of is done all the same."""

    slug = "mail-not-sent"
