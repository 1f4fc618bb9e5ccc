"""Work a batch's agreement out and store it; tell whether it is still so."""

import hashlib
import logging
import pickle
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import OperationalError
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from annotations.models import AgreementReport, Batch, BatchEntity, BatchJudge

from .figures import figures_of, pictures
from .ratings import Reading

log = logging.getLogger(__name__)

OLD = timedelta(minutes=10)
AT_ONCE = 20  # batches a round of the beat
VERSION = 2  # of what is stored
READ_SECONDS = 8  # of a task; one slice may pass it
KEPT_SECONDS = 600  # what was read so far, for the next task
TOO_SLOW = (
    "This server is too slow to read the verdicts in slices of a million; "
    "it is tried again in ten minutes."
)


@dataclass
class Pass:
    """One way through the verdicts, over as many tasks as it takes.

    `said` is as of its beginning: what comes meanwhile makes the report old, never
    unseen.
    """

    said: str
    judged_at: datetime | None
    reading: Reading

    @classmethod
    def begun(cls, batch_id: int) -> "Pass":
        """The one that an earlier task began, or a new one."""
        kept = cache.get(_key(batch_id))
        if kept is None:
            return cls(*_said(batch_id), Reading(batch_id))
        found: Pass = pickle.loads(zlib.decompress(kept))
        return found

    def keep(self) -> None:
        """Leave it to the next task."""
        kept = zlib.compress(pickle.dumps(self), level=1)
        cache.set(_key(self.reading.batch), kept, KEPT_SECONDS)

    def end(self) -> None:
        """Forget it."""
        cache.delete(_key(self.reading.batch))


def _key(batch_id: int) -> str:
    return f"agreement-read-{batch_id}"


@dataclass(frozen=True)
class Latest:
    """What was stored last, if anything, and whether nothing was said since.

    `problem` says why the last attempt came to nothing, for as long as none is made.
    """

    comparison: AgreementReport | None
    is_current: bool
    problem: str = ""


def latest(batch: Batch) -> Latest:
    """What is known of a batch's agreement now."""
    found = AgreementReport.objects.filter(batch=batch).first()
    if found is None:
        return Latest(None, is_current=False)
    problem = found.details["problem"] if _has_just_failed(found.details) else ""
    if found.details.get("version") != VERSION:
        return Latest(None, is_current=False, problem=problem)
    is_current = found.details["said"] == _said(batch.pk)[0]
    return Latest(found, is_current, "" if is_current else problem)


def _has_just_failed(details: Mapping[str, Any]) -> bool:
    tried_at = details.get("tried_at")
    return bool(tried_at and datetime.fromisoformat(tried_at) > timezone.now() - OLD)


def _said(batch_id: int) -> tuple[str, datetime | None]:
    """A digest of when each judge last said something, and the last time of all.

    The last time alone would miss who began to say something before it and was done
    after it.
    """
    memberships = BatchJudge.objects.filter(batch=batch_id, said_at__isnull=False)
    said = list(memberships.order_by("judge").values_list("judge", "said_at"))
    digest = hashlib.sha256(
        repr([(n, at.isoformat()) for n, at in said if at]).encode()
    )
    return digest.hexdigest(), max((at for _, at in said if at), default=None)


def report(batch_id: int, *, seconds: float | None = None) -> bool:
    """Work out how far the judges of a batch agree, unless that is known.

    Where reading the verdicts takes longer than `seconds`, False: the next call goes on
    with it. A database that is too slow leaves what was stored, with a problem beside.
    """
    batch = Batch.objects.get(pk=batch_id)
    if latest(batch).is_current:
        return True
    begun = Pass.begun(batch_id)
    try:
        if not begun.reading.go_on(seconds):
            begun.keep()
            return False
    except OperationalError as error:
        log.warning("the agreement of batch %s is not known: %s", batch_id, error)
        _note(batch)
    else:
        _store(batch, begun)
    begun.end()
    return True


def _store(batch: Batch, begun: Pass) -> None:
    rows = BatchEntity.objects.filter(batch=batch, is_control=True)
    controls = set(rows.values_list("entity", flat=True))
    ratings = begun.reading.ratings()
    figures, details = figures_of(ratings, controls, seed=batch.pk)
    details |= {"version": VERSION, "said": begun.said}
    details |= {"pictures": pictures(batch.pk, ratings)}
    AgreementReport.objects.update_or_create(
        batch=batch,
        defaults={
            "figures": figures,
            "details": details,
            "judged_at": begun.judged_at,
            "computed_at": Now(),
        },
    )


def _note(batch: Batch) -> None:
    comparison, _ = AgreementReport.objects.get_or_create(
        batch=batch, defaults={"figures": {}}
    )
    comparison.details |= {"problem": TOO_SLOW, "tried_at": timezone.now().isoformat()}
    comparison.save(update_fields=["details"])


def due_reports() -> list[int]:
    """Batches in which something was said since a report that is ten minutes old."""
    members = BatchJudge.objects.filter(batch=OuterRef("pk")).order_by()
    last = members.values("batch").annotate(last=Max("said_at")).values("last")
    batches = Batch.objects.annotate(last=Subquery(last))
    never = Q(comparison__isnull=True)
    old = Q(
        Q(comparison__judged_at__isnull=True) | ~Q(comparison__judged_at=F("last")),
        comparison__computed_at__lt=Now() - OLD,
    )
    due = batches.filter(never | old, last__isnull=False).order_by("-last")
    found = due.values_list("pk", "comparison__details")[:AT_ONCE]
    return [number for number, details in found if not _has_just_failed(details or {})]
