"""The tables: one migration history, one module per noun."""

from .audit import AuditEntry
from .batch_judges import BatchJudge, JudgeDay
from .batches import Batch, BatchState, GuidelinesVersion, Order, Purpose
from .conflicts import Comment, Conflict, SecondLook
from .entities import (
    JUDGEABLE,
    Alias,
    Candidate,
    CandidateState,
    Entity,
    Image,
    Report,
    ReportReason,
)
from .imports import Import, ImportState, RefusedRow, Tombstone
from .judgments import How, Judgment, JudgmentRevision, Unblinding, Voiding
from .queue import (
    Assignment,
    AssignmentState,
    BatchEntity,
    QueueState,
    Reopened,
)
from .releases import AgreementReport, Evaluation, Release, ReleaseRemoval, ReleaseState
from .scores import (
    Clearance,
    Embedding,
    FitMethod,
    Outcome,
    PendingScoring,
    Score,
    Scorer,
    ScorerFit,
)
from .truths import Ruling
from .users import Invitation, InvitationState, Role, User

__all__ = [
    "AgreementReport",
    "Evaluation",
    "Release",
    "ReleaseState",
    "ReleaseRemoval",
    "Clearance",
    "PendingScoring",
    "Embedding",
    "ScorerFit",
    "FitMethod",
    "Outcome",
    "Score",
    "Scorer",
    "Image",
    "BatchState",
    "Role",
    "Batch",
    "Comment",
    "Report",
    "Tombstone",
    "GuidelinesVersion",
    "SecondLook",
    "JudgmentRevision",
    "User",
    "RefusedRow",
    "Import",
    "JUDGEABLE",
    "Reopened",
    "AssignmentState",
    "QueueState",
    "ImportState",
    "Alias",
    "Invitation",
    "InvitationState",
    "Order",
    "ReportReason",
    "Conflict",
    "Voiding",
    "Unblinding",
    "BatchEntity",
    "JudgeDay",
    "Assignment",
    "Entity",
    "Judgment",
    "BatchJudge",
    "Ruling",
    "CandidateState",
    "AuditEntry",
    "How",
    "Candidate",
    "Purpose",
]
