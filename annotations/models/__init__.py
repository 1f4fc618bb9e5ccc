"""What is stored: one migration history, a file per noun."""

from .audit import AuditEntry
from .batches import (
    Assignment,
    AssignmentState,
    Batch,
    BatchEntity,
    BatchJudge,
    BatchState,
    Order,
    Purpose,
    QueueState,
    Reopened,
)
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
from .judgments import How, Judgment, JudgmentRevision
from .truths import Ruling
from .users import Role, User

__all__ = [
    "JUDGEABLE",
    "Alias",
    "Assignment",
    "AssignmentState",
    "AuditEntry",
    "Batch",
    "BatchEntity",
    "BatchJudge",
    "BatchState",
    "Candidate",
    "CandidateState",
    "Entity",
    "How",
    "Image",
    "Import",
    "ImportState",
    "Judgment",
    "JudgmentRevision",
    "Order",
    "Purpose",
    "QueueState",
    "RefusedRow",
    "Reopened",
    "Report",
    "ReportReason",
    "Role",
    "Ruling",
    "Tombstone",
    "User",
]
