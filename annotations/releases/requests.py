"""Asking for a release: what it would hold, whether it can be made, its row."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from annotations import ground_truth
from annotations.errors import Invalid, NotFound, WrongState
from annotations.images.store import after_commit
from annotations.models import Batch, Release, ReleaseState, User, audit

from . import files
from .clock import is_slow
from .locks import hold_gate
from .versions import code_version

# Above, what is asked for is not counted while somebody waits: making it tells.
CHECKED_CANDIDATES = 300_000
CHECKED_SECONDS = 20
TOO_MANY = (
    "They hold too much to be counted while you wait. Ask for the release: making it"
    " tells what stands in its way."
)
SEED_LIMIT = 2**63
UNIQUE_VIOLATION = "23505"

# What `freezing` takes for a confirmed image and `distractors` for a distractor.
COUNT = """
WITH t AS MATERIALIZED (
    SELECT t.entity_key, t.image_sha256, t.verdict, t.basis,
           c.state = 'ready' AS is_ready
    FROM ({truth}) t JOIN annotations_candidate c ON c.id = t.candidate_id
), refused AS (
    SELECT image_sha256 FROM t GROUP BY image_sha256
    HAVING bool_or(verdict = 'no' AND basis IN ('unanimous', 'ruling') AND is_ready)
       AND NOT bool_or(verdict = 'yes')
)
SELECT count(*), count(*) FILTER (WHERE verdict = 'yes'),
       count(*) FILTER (WHERE verdict = 'no'),
       count(*) FILTER (WHERE verdict = 'broken'),
       count(*) FILTER (WHERE verdict IS NULL),
       count(DISTINCT entity_key),
       count(DISTINCT entity_key)
           FILTER (WHERE verdict = 'yes' AND basis <> 'cleared' AND is_ready),
       (SELECT count(*) FROM refused)
FROM t
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What some batches hold now.

    `confirmed` are entities with a readable image that people say shows them, `refused`
    readable pictures that distractors are drawn from: settled as *no*, nowhere *yes*.
    """

    candidates: int
    yes: int
    no: int
    broken: int
    open: int
    entities: int
    confirmed: int
    refused: int


def preview(batches: Sequence[int]) -> Contents:
    """What a release of these batches would hold now.

    Invalid where there is none such, or where counting takes too long.
    """
    found = _counted(_batches(batches))
    if found is None:
        raise Invalid({"batches": [TOO_MANY]})
    return found


@transaction.atomic
def request(
    *,
    name: str,
    batches: Sequence[int],
    dev_entities: int,
    distractors: int,
    by: User,
    seed: int | None = None,
    leaves_open_out: bool = False,
    purpose: str = "",
    contact: str = "",
) -> Release:
    """A release to be made; Invalid names the field that stands in its way.

    Whoever asks sends it to a worker. A seed is drawn where none is given.
    """
    hold_gate(shared=True)
    _check_name(name)
    chosen = _batches(batches)
    release = Release(
        name=name,
        batches=[batch.pk for batch in chosen],
        dev_entities=dev_entities,
        distractors=distractors,
        seed=secrets.randbelow(2**53) if seed is None else seed,
        leaves_open_out=leaves_open_out,
        purpose=purpose,
        contact=contact,
        code_version=code_version(),
        round=secrets.token_hex(8),
        created_by=by,
    )
    if found := _counted(chosen):
        check(release, found)
    _save(release)
    audit.write("release-asked", by=by, release=release.pk)
    return release


def check(release: Release, found: Contents) -> None:
    """Refuse what cannot be made of what there is."""
    wrong: dict[str, list[str]] = {}
    if found.open and not release.leaves_open_out:
        wrong["batches"] = [
            f"The truth of {found.open:,} candidates is open. Settle them, or leave"
            " them out (leaves_open_out)."
        ]
    if not found.confirmed:
        wrong.setdefault("batches", []).append("No entity has a confirmed image.")
    elif release.dev_entities > found.confirmed:
        wrong["dev_entities"] = [
            f"Only {found.confirmed:,} entities have a confirmed image."
        ]
    if release.distractors > found.refused:
        wrong["distractors"] = [
            f"There are only {found.refused:,} pictures settled as no that show nobody"
            " who is confirmed elsewhere."
        ]
    if wrong:
        raise Invalid(wrong)


@transaction.atomic
def retry(*, release: Release, by: User) -> Release:
    """Make a failed one again from the beginning; WrongState for any other."""
    hold_gate(shared=True)
    locked = _failed(release)
    locked.state, locked.problem, locked.progress = ReleaseState.PENDING, "", 0
    locked.round, locked.attempts, locked.files = secrets.token_hex(8), 0, {}
    locked.touched_at = locked.finished_at = None
    locked.code_version = code_version()
    locked.save()
    audit.write("release-retried", by=by, release=release.pk)
    return locked


@transaction.atomic
def delete(*, release: Release, by: User) -> None:
    """Delete a failed one; done ones stay for good."""
    locked = _failed(release)
    number, digests = locked.pk, files.digests_of(locked.files)
    locked.delete()
    audit.write("release-deleted", by=by, release=number)
    after_commit(partial(files.clear_work, number))
    after_commit(partial(files.delete_stored, digests))


def _failed(release: Release) -> Release:
    locked = Release.objects.select_for_update().filter(pk=release.pk).first()
    if locked is None:
        raise NotFound(f"There is no release {release.pk}.")
    if locked.state != ReleaseState.FAILED:
        raise WrongState(f"The release is {locked.get_state_display().lower()}.")
    return locked


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid({"name": ["A release needs a name."]})
    if len(name) > 100:
        raise Invalid({"name": ["A name may have 100 characters."]})
    if Release.objects.filter(name=name).exists():
        raise _taken(name)


def _taken(name: str) -> Invalid:
    return Invalid({"name": [f"There is a release {name} already."]})


def _save(release: Release) -> None:
    """Invalid where somebody took the name since it was looked for."""
    try:
        with transaction.atomic():
            release.save()
    except IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
            raise
        raise _taken(release.name) from error


def _batches(numbers: Sequence[int]) -> list[Batch]:
    wanted = sorted(set(numbers))
    if not wanted:
        raise Invalid({"batches": ["Name at least one batch."]})
    found = list(Batch.objects.filter(pk__in=wanted).order_by("pk"))
    if unknown := set(wanted) - {batch.pk for batch in found}:
        named = ", ".join(map(str, sorted(unknown)))
        raise Invalid({"batches": [f"There is no batch {named}."]})
    if never := [batch.name for batch in found if batch.opened_at is None]:
        raise Invalid({"batches": [f"{', '.join(never)} was never opened."]})
    return found


def _counted(batches: Sequence[Batch]) -> Contents | None:
    """What they hold; None where counting takes longer than anybody should wait."""
    if sum(batch.candidates_total for batch in batches) > CHECKED_CANDIDATES:
        return None
    try:
        return _count([batch.pk for batch in batches])
    except OperationalError as error:
        if not is_slow(error):
            raise
        return None


@transaction.atomic
def _count(batches: Sequence[int]) -> Contents:
    truth, parameters = ground_truth.statement(batches)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{CHECKED_SECONDS}s'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(COUNT.format(truth=truth), parameters)
        found = Contents(*cursor.fetchone())
        cursor.execute("SET LOCAL statement_timeout = DEFAULT")
        return found


def told(found: Contents) -> dict[str, Any]:
    """The numbers by name."""
    return asdict(found)
