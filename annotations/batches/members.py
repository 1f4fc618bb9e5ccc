"""Add and remove the judges of a batch."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now

from annotations.errors import Invalid, NotFound
from annotations.models import Batch, BatchJudge, User, audit
from annotations.queue.ending import release_all
from annotations.queue.stuck import recheck


def add_judges(*, batch: Batch, usernames: Sequence[str], by: User) -> list[User]:
    """Add judges to a batch. Users who judge it already are allowed.

    Raise Invalid with the users who are unknown, deactivated or without the role judge.
    """
    judges = _add(batch, usernames, by)
    recheck(batch.pk)
    return judges


@transaction.atomic
def _add(batch: Batch, usernames: Sequence[str], by: User) -> list[User]:
    users = {u.username: u for u in User.objects.filter(username__in=usernames)}
    problems = [_problem_of(name, users.get(name)) for name in usernames]
    if any(problems):
        raise Invalid({"usernames": [problem for problem in problems if problem]})
    judges = [users[name] for name in dict.fromkeys(usernames)]
    BatchJudge.objects.bulk_create(
        [BatchJudge(batch=batch, judge=judge) for judge in judges],
        ignore_conflicts=True,
    )
    BatchJudge.objects.filter(batch=batch, judge__in=judges).update(removed_at=None)
    audit.write("judges-added", by=by, batch=batch.pk, judges=[j.pk for j in judges])
    return judges


def _problem_of(username: str, user: User | None) -> str:
    if user is None:
        return f'There is no user named "{username}".'
    if not user.is_active:
        return f"{username} is deactivated."
    return "" if user.is_judge else f"{username} does not have the role judge."


def remove_judge(*, batch: Batch, username: str, by: User) -> None:
    """Remove a judge from a batch: release held pages, keep judgments."""
    _remove(batch, username, by)
    recheck(batch.pk)


@transaction.atomic
def _remove(batch: Batch, username: str, by: User) -> None:
    membership = (
        BatchJudge.objects.select_for_update(no_key=True, of=("self",))
        .select_related("judge")
        .filter(batch=batch, judge__username=username, removed_at__isnull=True)
        .first()
    )
    if membership is None:
        raise NotFound(f"{username} is not a judge of this batch.")
    membership.removed_at = Now()
    # A removed judge gets no Reopened rows, so a returning judge starts from the top.
    membership.cursor_priority = membership.cursor_entity = None
    membership.save(update_fields=["removed_at", "cursor_priority", "cursor_entity"])
    release_all(judge=membership.judge, batch=batch)
    audit.write("judge-removed", by=by, batch=batch.pk, judge=membership.judge_id)
