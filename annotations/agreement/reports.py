"""Compute the agreement report of a batch, store it, and detect outdated reports."""

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

from .figures import figures_of, most_disputed_pictures
from .ratings import RatingsReader

log = logging.getLogger(__name__)

MAX_AGE = timedelta(minutes=10)
BATCHES_PER_ROUND = 20  # of the periodic task
FORMAT_VERSION = 2  # of the stored figures and details
READ_SECONDS = 8  # per task; the last slice can exceed it
CACHE_SECONDS = 600  # lifetime of a partly read batch, until the next task
TOO_SLOW = (
    "This server is too slow to read the verdicts in slices of a million. "
    "The next attempt is in ten minutes."
)


@dataclass
class ReportRun:
    """One computation of a report, over as many tasks as it needs.

    `judged_digest` is taken at the start. Judgments that arrive during the run make the
    report outdated; they are never missed.
    """

    judged_digest: str
    judged_at: datetime | None
    reader: RatingsReader

    @classmethod
    def resume(cls, batch_id: int) -> "ReportRun":
        """Return the run that an earlier task suspended, or a new one."""
        content = cache.get(_cache_key(batch_id))
        if content is None:
            return cls(*_judged_digest(batch_id), RatingsReader(batch_id))
        run: ReportRun = pickle.loads(zlib.decompress(content))
        return run

    def suspend(self) -> None:
        """Save the run for the next task."""
        content = zlib.compress(pickle.dumps(self), level=1)
        cache.set(_cache_key(self.reader.batch), content, CACHE_SECONDS)

    def end(self) -> None:
        """Delete the saved run."""
        cache.delete(_cache_key(self.reader.batch))


def _cache_key(batch_id: int) -> str:
    return f"agreement-run-{batch_id}"


@dataclass(frozen=True)
class ReportStatus:
    """The stored report, if there is one, and whether it covers all judgments.

    `problem` says why the last attempt failed, until the next attempt is due.
    """

    report: AgreementReport | None
    is_current: bool
    problem: str = ""


def latest_report(batch: Batch) -> ReportStatus:
    """Return the stored report of a batch and whether it is current."""
    report = AgreementReport.objects.filter(batch=batch).first()
    if report is None:
        return ReportStatus(None, is_current=False)
    problem = report.details["problem"] if _has_just_failed(report.details) else ""
    if report.details.get("version") != FORMAT_VERSION:
        return ReportStatus(None, is_current=False, problem=problem)
    digest, _ = _judged_digest(batch.pk)
    is_current = report.details["said"] == digest
    return ReportStatus(report, is_current, "" if is_current else problem)


def _has_just_failed(details: Mapping[str, Any]) -> bool:
    tried_at = details.get("tried_at")
    return bool(
        tried_at and datetime.fromisoformat(tried_at) > timezone.now() - MAX_AGE
    )


def _judged_digest(batch_id: int) -> tuple[str, datetime | None]:
    """Return a digest of each judge's last change, and the time of the last change.

    The time alone is not enough: it misses a transaction that began before the last
    change and was committed after it.
    """
    memberships = BatchJudge.objects.filter(batch=batch_id, said_at__isnull=False)
    changes = [
        (judge, changed_at)
        for judge, changed_at in memberships.order_by("judge").values_list(
            "judge", "said_at"
        )
        if changed_at
    ]
    text = repr([(judge, changed_at.isoformat()) for judge, changed_at in changes])
    last = max((changed_at for _, changed_at in changes), default=None)
    return hashlib.sha256(text.encode()).hexdigest(), last


def update_report(batch_id: int, *, seconds: float | None = None) -> bool:
    """Compute the report of a batch unless it is current. Return True when it is done.

    Return False when reading the verdicts takes longer than `seconds`. The next call
    continues. If the database is too slow, the stored report stays and gets a problem.
    """
    batch = Batch.objects.get(pk=batch_id)
    if latest_report(batch).is_current:
        return True
    run = ReportRun.resume(batch_id)
    try:
        if not run.reader.read_slices(seconds):
            run.suspend()
            return False
    except OperationalError as error:
        log.warning("The agreement of batch %s was not computed: %s", batch_id, error)
        _store_problem(batch)
    else:
        _store(batch, run)
    run.end()
    return True


def _store(batch: Batch, run: ReportRun) -> None:
    rows = BatchEntity.objects.filter(batch=batch, is_control=True)
    controls = set(rows.values_list("entity", flat=True))
    ratings = run.reader.ratings()
    figures, details = figures_of(ratings, controls, seed=batch.pk)
    details |= {"version": FORMAT_VERSION, "said": run.judged_digest}
    details |= {"pictures": most_disputed_pictures(batch.pk, ratings)}
    AgreementReport.objects.update_or_create(
        batch=batch,
        defaults={
            "figures": figures,
            "details": details,
            "judged_at": run.judged_at,
            "computed_at": Now(),
        },
    )


def _store_problem(batch: Batch) -> None:
    report, _ = AgreementReport.objects.get_or_create(
        batch=batch, defaults={"figures": {}}
    )
    report.details |= {"problem": TOO_SLOW, "tried_at": timezone.now().isoformat()}
    report.save(update_fields=["details"])


def outdated_batches() -> list[int]:
    """Return batches with judgments but no report, or with newer ones than its report.

    A report is replaced once it is ten minutes old.
    """
    members = BatchJudge.objects.filter(batch=OuterRef("pk")).order_by()
    last = members.values("batch").annotate(last=Max("said_at")).values("last")
    batches = Batch.objects.annotate(last=Subquery(last))
    lacks_report = Q(agreementreport__isnull=True)
    is_outdated = Q(
        Q(agreementreport__judged_at__isnull=True)
        | ~Q(agreementreport__judged_at=F("last")),
        agreementreport__computed_at__lt=Now() - MAX_AGE,
    )
    outdated = batches.filter(lacks_report | is_outdated, last__isnull=False)
    rows = outdated.order_by("-last").values_list("pk", "agreementreport__details")
    return [
        batch_id
        for batch_id, details in rows[:BATCHES_PER_ROUND]
        if not _has_just_failed(details or {})
    ]
