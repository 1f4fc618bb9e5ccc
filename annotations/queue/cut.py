"""Cut a batch, change its rules, open and close it, and say who judges it."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from annotations import intake, sampling
from annotations.errors import Conflict, Invalid, NotFound
from annotations.models import (
    Batch,
    BatchEntity,
    BatchJudge,
    BatchState,
    Entity,
    Order,
    Purpose,
    User,
    audit,
)
from annotations.models.batches import JUDGES_LIMIT

from .ending import release_all
from .entry import open_entries, reopen
from .standing import tally

ROWS_PER_STEP = 500
SEED_LIMIT = 2**31
KEYS_NAMED = 10  # unknown keys that an error names


@transaction.atomic
def cut(
    *,
    by: User,
    name: str,
    entities: Sequence[str] | None = None,
    sample: Mapping[str, Any] | None = None,
    **rules: Any,
) -> Batch:
    """Make a draft of a batch of named entities, or of a drawn sample of all.

    `sample` holds size, seed and optionally exponent; the seed drawn here is stored.
    `rules`: judges_required (2), judges_maximum (None follows), page_size, order,
    purpose, guidelines, priority. Invalid names the field, and unknown keys.
    """
    if (entities is None) == (sample is None):
        raise Invalid({"entities": ["Give either entities or a sample."]})
    batch = Batch(name=name, created_by=by, seed=secrets.randbelow(SEED_LIMIT))
    _apply(batch, rules)
    if sample is None:
        ids = _known(entities or [])
    else:
        batch.sample = _checked_sample(sample)
        ids = _drawn(batch.sample)
    batch.save()
    _queue(batch, ids)
    audit.write("batch-cut", by=by, batch=batch.pk, entities=len(ids))
    return batch


def _apply(batch: Batch, rules: Mapping[str, Any]) -> None:
    """Set the fields and check them together; Invalid names every wrong one."""
    for field, value in rules.items():
        setattr(batch, "maximum" if field == "judges_maximum" else field, value)
    required, maximum = batch.judges_required, batch.maximum
    checks = {
        "name": (bool(batch.name.strip()), "A batch needs a name."),
        "judges_required": (
            1 <= required <= JUDGES_LIMIT,
            f"Must be 1 to {JUDGES_LIMIT}.",
        ),
        "judges_maximum": (
            maximum is None or required <= maximum <= JUDGES_LIMIT,
            f"Must be judges_required to {JUDGES_LIMIT}.",
        ),
        "page_size": (1 <= batch.page_size <= 200, "Must be 1 to 200."),
        "order": (batch.order in Order.values, f"Must be one of {Order.values}."),
        "purpose": (
            batch.purpose in Purpose.values,
            f"Must be one of {Purpose.values}.",
        ),
    }
    errors = {name: [text] for name, (is_fine, text) in checks.items() if not is_fine}
    if errors:
        raise Invalid(errors)


def _known(keys: Sequence[str]) -> list[int]:
    """The ids of entities by key, in the given order, doubles dropped."""
    wanted = list(dict.fromkeys(intake.normalise_key(key) for key in keys))
    if not wanted:
        raise Invalid({"entities": ["Name at least one entity."]})
    ids = dict(Entity.objects.filter(key__in=wanted).values_list("key", "pk"))
    unknown = [key for key in wanted if key not in ids]
    if unknown:
        some = ", ".join(unknown[:KEYS_NAMED])
        raise Invalid({"entities": [f"{len(unknown)} unknown keys, first: {some}"]})
    return [ids[key] for key in wanted]


def _checked_sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "size": sample["size"],
        "seed": sample.get("seed", secrets.randbelow(SEED_LIMIT)),
        "exponent": sample.get("exponent", sampling.EXPONENT),
    }


def _drawn(sample: Mapping[str, Any]) -> list[int]:
    """Draw entities by frequency, streamed in the order of their ids."""
    found = (
        Entity.objects.filter(key__isnull=False, frequency__gt=0)
        .order_by("pk")
        .values_list("pk", "frequency")
        .iterator(chunk_size=20_000)
    )
    population = ((entity, float(frequency or 0)) for entity, frequency in found)
    ids = sampling.sample(
        population, sample["size"], sample["seed"], sample["exponent"]
    )
    if not ids:
        raise Invalid({"sample": ["No entity has a frequency to draw by."]})
    return ids


def _queue(batch: Batch, entities: Sequence[int]) -> None:
    """Make the queue rows in one statement; a list's order is the queue's."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotations_batchentity
                (batch_id, entity_id, state, priority, upto, total, judged, settled,
                 disputed, undecided, open_places, held_places)
            SELECT %(batch)s, t.id, 'done',
                   CASE WHEN %(random)s
                        THEN hashint8extended(t.id, %(seed)s) / 9.3e18
                        ELSE -t.position END,
                   0, 0, 0, 0, 0, 0, 0, 0
            FROM unnest(%(entities)s::bigint[])
                 WITH ORDINALITY AS t (id, position)
            """,
            {
                "batch": batch.pk,
                "random": batch.order == Order.RANDOM,
                "seed": batch.seed,
                "entities": list(entities),
            },
        )


@transaction.atomic
def change(*, batch: Batch, by: User, **fields: Any) -> Batch:
    """Change a batch's name or rules, also while it runs: needs follow by themselves.

    Lowering the numbers takes nothing away; it grants no new place above the maximum.
    """
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    before = batch.rules
    _apply(batch, fields)
    batch.save()
    if batch.rules != before:
        for rows in _locked_rows(batch, chunk=ROWS_PER_STEP):
            _recount(rows)
    audit.write("batch-changed", by=by, batch=batch.pk, fields=sorted(fields))
    return batch


def _recount(rows: Sequence[BatchEntity]) -> None:
    """Count rows anew after a change that moved needs without a judgment."""
    for entry in open_entries(rows):
        counters = tally(entry.standings.values(), entry.rules)
        for name in counters.__slots__:
            setattr(entry.row, name, getattr(counters, name))
        entry.row.state = counters.state
    fields = [*counters.__slots__, "state", "upto"]
    BatchEntity.objects.bulk_update(rows, fields, batch_size=ROWS_PER_STEP)
    reopen(rows)


def _locked_rows(batch: Batch, *, chunk: int) -> Iterator[list[BatchEntity]]:
    last = 0
    while True:
        rows = list(
            BatchEntity.objects.select_for_update(no_key=True)
            .filter(batch=batch, pk__gt=last)
            .order_by("pk")[:chunk]
        )
        if not rows:
            return
        yield rows
        last = rows[-1].pk


def open_batch(*, batch: Batch, by: User) -> Batch:
    """Open a batch, or continue a closed one. The first opening fixes its candidates."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if batch.state == BatchState.OPEN:
            return batch
        if batch.opened_at is None:
            _take_in(batch)
            batch.opened_at = Now()
        batch.state = BatchState.OPEN
        batch.save(update_fields=["state", "opened_at"])
        audit.write("batch-opened", by=by, batch=batch.pk)
    batch.refresh_from_db()
    return batch


@transaction.atomic
def close_batch(*, batch: Batch, by: User) -> Batch:
    """Stop leasing and renewing; pages leased before may end."""
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.state == BatchState.DRAFT:
        raise Conflict("A batch that was never opened cannot be closed.")
    batch.state = BatchState.CLOSED
    batch.save(update_fields=["state"])
    audit.write("batch-closed", by=by, batch=batch.pk)
    return batch


@transaction.atomic
def refresh(*, batch: Batch, by: User) -> int:
    """Take in candidates of the batch's entities that came later; how many."""
    batch = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.opened_at is None:
        return 0  # the first opening takes everything in
    added = _take_in(batch)
    audit.write("batch-refreshed", by=by, batch=batch.pk, added=added)
    return added


def _take_in(batch: Batch) -> int:
    """Raise `upto` of every queue row to its entity's newest candidate; count rows.

    Under the entities' locks, which an import's merge takes too: no candidate with an
    id below `upto` can come later.
    """
    added = 0
    for rows in _locked_rows(batch, chunk=ROWS_PER_STEP):
        entities = [row.entity_id for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM annotations_entity WHERE id = ANY(%s) "
                "ORDER BY id FOR NO KEY UPDATE",
                [entities],
            )
            cursor.execute(
                "SELECT entity_id, max(id) FROM annotations_candidate "
                "WHERE entity_id = ANY(%s) GROUP BY 1",
                [entities],
            )
            newest = dict(cursor.fetchall())
        before = sum(row.total for row in rows)
        grown = [r for r in rows if newest.get(r.entity_id, 0) > r.upto]
        for row in grown:
            row.upto = newest[row.entity_id]
        if grown:
            BatchEntity.objects.bulk_update(grown, ["upto"])
            _recount(grown)
        added += sum(row.total for row in rows) - before
    return added


@transaction.atomic
def add_judges(*, batch: Batch, usernames: Sequence[str], by: User) -> list[User]:
    """Let people judge a batch; those who do already are no error.

    Invalid names who is unknown, deactivated or has not the role judge.
    """
    people = {u.username: u for u in User.objects.filter(username__in=usernames)}
    errors = [
        f"{name}: {problem}"
        for name in usernames
        if (problem := _not_a_judge(people.get(name)))
    ]
    if errors:
        raise Invalid({"usernames": errors})
    judges = [people[name] for name in dict.fromkeys(usernames)]
    BatchJudge.objects.bulk_create(
        [BatchJudge(batch=batch, judge=judge) for judge in judges],
        ignore_conflicts=True,
    )
    BatchJudge.objects.filter(batch=batch, judge__in=judges).update(removed_at=None)
    audit.write("judges-added", by=by, batch=batch.pk, judges=[j.pk for j in judges])
    return judges


def _not_a_judge(user: User | None) -> str:
    if user is None:
        return "there is no such user"
    if not user.is_active:
        return "is deactivated"
    return "" if user.is_judge else "has not the role judge"


@transaction.atomic
def remove_judge(*, batch: Batch, username: str, by: User) -> None:
    """Take a judge out: held pages are released, given judgments stay."""
    membership = (
        BatchJudge.objects.select_for_update(no_key=True, of=("self",))
        .select_related("judge")
        .filter(batch=batch, judge__username=username, removed_at__isnull=True)
        .first()
    )
    if membership is None:
        raise NotFound(f"{username} is no judge of this batch.")
    membership.removed_at = Now()
    # While away nobody tells this judge what reopens: a return starts from the top.
    membership.cursor_priority = membership.cursor_entity = None
    membership.save(update_fields=["removed_at", "cursor_priority", "cursor_entity"])
    release_all(judge=membership.judge, batch=batch)
    audit.write("judge-removed", by=by, batch=batch.pk, judge=membership.judge_id)
