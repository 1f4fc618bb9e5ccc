"""Requests for a release: a preview, the checks, and the row that a worker completes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import IntegrityError, OperationalError, transaction

from annotations import ground_truth, sql
from annotations.errors import Invalid, NotFound, WrongState
from annotations.images.store import after_commit
from annotations.models import Batch, Release, ReleaseState, User, audit

from . import files
from .clock import is_slow
from .locks import lock_gate
from .versions import code_version

# Batches with more candidates are not counted while a user waits. The worker that makes
# the release checks them.
CHECKED_CANDIDATES = 300_000
CHECKED_SECONDS = 20
TOO_MANY = (
    "These batches are too large to count while you wait. Request the release: if"
    " something prevents it, the release fails and says what."
)
UNIQUE_VIOLATION = "23505"

# `confirmed` and `refused` follow the rules of `snapshot` and `distractors`.
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
SELECT count(*) AS candidates,
       count(*) FILTER (WHERE verdict = 'yes') AS yes,
       count(*) FILTER (WHERE verdict = 'no') AS no,
       count(*) FILTER (WHERE verdict = 'broken') AS broken,
       count(*) FILTER (WHERE verdict IS NULL) AS open,
       count(DISTINCT entity_key) AS entities,
       count(DISTINCT entity_key)
           FILTER (WHERE verdict = 'yes' AND basis <> 'cleared' AND is_ready)
           AS confirmed,
       (SELECT count(*) FROM refused) AS refused
FROM t
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What some batches contain, in numbers.

    `confirmed` counts entities with a readable image that people judged to be *yes*.
    `refused` counts readable pictures that can become distractors: settled as *no*, and
    nowhere *yes*.
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
    """Return the contents of a release that would be made of these batches now.

    Raise Invalid if a batch does not exist, or if counting takes too long.
    """
    contents = _count_in_time(_batches(batches))
    if contents is None:
        raise Invalid({"batches": [TOO_MANY]})
    return contents


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
    """Create the row of a new release; Invalid names the fields that prevent it.

    The caller sends it to a worker. Without a `seed`, a random one is drawn.
    """
    lock_gate(shared=True)
    _check_name(name)
    rows = _batches(batches)
    release = Release(
        name=name,
        batches=[batch.pk for batch in rows],
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
    if contents := _count_in_time(rows):
        check(release, contents)
    _save(release)
    audit.write("release-asked", by=by, release=release.pk)
    return release


def check(release: Release, contents: Contents) -> None:
    """Raise Invalid if the release asks for more than its batches contain."""
    problems: dict[str, list[str]] = {}
    if contents.open and not release.leaves_open_out:
        candidates = _counted(contents.open, "candidate is", "candidates are")
        problems["batches"] = [
            f"{candidates} undecided. Decide all candidates, or choose"
            " “Leave out open candidates”."
        ]
    if not contents.confirmed:
        problems.setdefault("batches", []).append("No entity has a confirmed image.")
    elif release.dev_entities > contents.confirmed:
        entities = _counted(contents.confirmed, "entity has", "entities have")
        problems["dev_entities"] = [f"Only {entities} a confirmed image."]
    if release.distractors > contents.refused:
        pictures = _counted(contents.refused, "picture", "pictures")
        problems["distractors"] = [
            f"Only {pictures} can be used: settled as no, and not yes for any entity."
        ]
    if problems:
        raise Invalid(problems)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@transaction.atomic
def retry(*, release: Release, by: User) -> Release:
    """Restart a failed release from the first step; raise WrongState for any other."""
    lock_gate(shared=True)
    locked = _lock_failed(release)
    locked.state, locked.problem, locked.progress = ReleaseState.PENDING, "", 0
    locked.round, locked.attempts, locked.files = secrets.token_hex(8), 0, {}
    locked.touched_at = locked.finished_at = None
    locked.code_version = code_version()
    locked.save()
    audit.write("release-retried", by=by, release=release.pk)
    return locked


@transaction.atomic
def delete(*, release: Release, by: User) -> None:
    """Delete a failed release; raise WrongState for any other."""
    locked = _lock_failed(release)
    release_id, digests = locked.pk, files.digests_of(locked.files)
    locked.delete()
    audit.write("release-deleted", by=by, release=release_id)
    after_commit(partial(files.clear_work, release_id))
    after_commit(partial(files.delete_stored, digests))


def _lock_failed(release: Release) -> Release:
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
        raise Invalid({"name": ["A name has at most 100 characters."]})
    if Release.objects.filter(name=name).exists():
        raise _name_exists(name)


def _name_exists(name: str) -> Invalid:
    return Invalid({"name": [f"There is already a release named “{name}”."]})


def _save(release: Release) -> None:
    """Insert the row; raise Invalid if another request took the name meanwhile."""
    try:
        with transaction.atomic():
            release.save()
    except IntegrityError as error:
        if getattr(error.__cause__, "pgcode", None) != UNIQUE_VIOLATION:
            raise
        raise _name_exists(release.name) from error


def _batches(ids: Sequence[int]) -> list[Batch]:
    """Return the batches of these ids; raise Invalid if one cannot be released."""
    if not ids:
        raise Invalid({"batches": ["Choose at least one batch."]})
    batches = list(Batch.objects.filter(pk__in=set(ids)).order_by("pk"))
    if unknown_ids := set(ids) - {batch.pk for batch in batches}:
        names = ", ".join(map(str, sorted(unknown_ids)))
        raise Invalid({"batches": [f"There is no batch {names}."]})
    if drafts := [batch.name for batch in batches if batch.opened_at is None]:
        verb = "was" if len(drafts) == 1 else "were"
        raise Invalid({"batches": [f"{', '.join(drafts)} {verb} never opened."]})
    return batches


def _count_in_time(batches: Sequence[Batch]) -> Contents | None:
    """Return the contents of batches; None if counting takes too long for a request."""
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
    sql.run(f"SET LOCAL statement_timeout = '{CHECKED_SECONDS}s'; SET LOCAL jit = off")
    row = sql.one(COUNT.format(truth=truth), parameters)
    sql.run("SET LOCAL statement_timeout = DEFAULT")
    return Contents(**row._asdict())
