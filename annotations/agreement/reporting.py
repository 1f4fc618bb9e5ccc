"""Work a batch's agreement out and store it; tell whether it is still so."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from annotations.models import Batch, BatchEntity, BatchJudge, Comparison

from .figures import figures_of, pictures
from .ratings import SECONDS, read

log = logging.getLogger(__name__)

OLD = timedelta(minutes=10)
AT_ONCE = 20  # batches a round of the beat
TOO_SLOW = (
    f"Reading the verdicts takes longer than {SECONDS} seconds on this server; "
    "it is tried again in ten minutes."
)


@dataclass(frozen=True)
class Latest:
    """What was stored last, if anything, and whether nothing was said since."""

    comparison: Comparison | None
    is_current: bool


def latest(batch: Batch) -> Latest:
    """What is known of a batch's agreement now."""
    comparison = Comparison.objects.filter(batch=batch).first()
    if comparison is None or not comparison.figures:
        return Latest(comparison, is_current=False)
    return Latest(comparison, comparison.details["said"] == _said(batch.pk)[0])


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


def report(batch_id: int) -> bool:
    """Work out how far the judges of a batch agree, unless that is known.

    False where it takes too long: then what was stored stays, with a problem beside it.
    """
    batch = Batch.objects.get(pk=batch_id)
    if latest(batch).is_current:
        return True
    # Before the verdicts are read: what comes meanwhile makes it old, never unseen.
    said, judged_at = _said(batch_id)
    try:
        ratings = read(batch_id)
    except OperationalError as error:
        log.warning("the agreement of batch %s is not known: %s", batch_id, error)
        _note(batch)
        return False
    rows = BatchEntity.objects.filter(batch=batch, is_control=True)
    controls = set(rows.values_list("entity", flat=True))
    figures, details = figures_of(ratings, controls, seed=batch_id)
    details |= {"said": said, "pictures": pictures(batch_id, ratings)}
    Comparison.objects.update_or_create(
        batch=batch,
        defaults={
            "figures": figures,
            "details": details,
            "judged_at": judged_at,
            "computed_at": Now(),
        },
    )
    return True


def _note(batch: Batch) -> None:
    comparison, _ = Comparison.objects.get_or_create(
        batch=batch, defaults={"figures": {}}
    )
    comparison.details |= {"problem": TOO_SLOW, "tried_at": timezone.now().isoformat()}
    comparison.computed_at = Now()
    comparison.save(update_fields=["details", "computed_at"])


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
    return list(due.values_list("pk", flat=True)[:AT_ONCE])
