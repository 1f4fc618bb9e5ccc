"""Fully judged batches with pictures, and releases of them."""

import csv
import io

from django.core.files.storage import default_storage

from annotations import adjudication, batches, judgments, queue, releases, sql
from annotations.models import Role

from .desk import mark_of
from .factories import CandidateFactory, EntityFactory, UserFactory
from .pictures import stored


def judged_batch(truth, *, seed=0, name="Judged"):
    """Return a batch in which two judges gave the verdicts of `truth`.

    `truth` is {key: "yes no yes …"}. Every candidate has another picture.
    """
    admin = UserFactory(roles=[Role.ADMIN])
    judges = [UserFactory(), UserFactory()]
    verdict_of = {}
    for key, verdicts in truth.items():
        entity = EntityFactory(key=key, name=f"Name of {key}")
        for rank, verdict in enumerate(verdicts.split()):
            seed += 1
            image = stored(seed=seed)
            candidate = CandidateFactory(entity=entity, image=image, rank=rank)
            verdict_of[candidate.pk] = verdict
    batch = batches.create(by=admin, name=name, entities=list(truth), order="rank")
    usernames = [judge.username for judge in judges]
    batches.add_judges(batch=batch, usernames=usernames, by=admin)
    batches.open_batch(batch=batch, by=admin)
    for judge in judges:
        judge_all(judge, lambda page, n: verdict_of[page.candidates[n]])
    return batch


def findable_batch():
    """Return a batch of three entities whose candidate ids match nothing else in a file."""
    sql.run("SELECT setval('annotations_candidate_id_seq', 7000000)")
    return judged_batch(dict.fromkeys(("m.anna", "m.bert", "m.cleo"), "yes yes no"))


def judge_all(judge, verdict_of):
    """Judge every page with the verdicts `verdict_of(page, position)`."""
    while True:
        try:
            page = queue.lease(judge=judge)
        except queue.NothingToLease:
            return
        marks = [
            mark_of(page, n, verdict_of(page, n)) for n in range(len(page.candidates))
        ]
        judgments.record(judge=judge, marks=marks)
        queue.submit(assignment_id=page.pk, judge=judge)


def rule_all(batch, by, verdict_of):
    """Rule on every conflict of a batch."""
    while (conflict := adjudication.lease(by=by, batch=batch)) is not None:
        candidate = conflict.candidate_id
        verdict = verdict_of(candidate)
        adjudication.rule(batch=batch, candidate=candidate, verdict=verdict, by=by)


def released(
    batch,
    *,
    name="first",
    seed=7,
    dev_entities=1,
    distractors=1,
    seconds=None,
    **options,
):
    """Return a finished release of a batch, made within `seconds` if given."""
    release = releases.request(
        name=name,
        batches=[batch.pk],
        dev_entities=dev_entities,
        distractors=distractors,
        seed=seed,
        by=batch.created_by,
        **options,
    )
    assert releases.make(release.pk, seconds)
    release.refresh_from_db()
    assert release.state == "done", release.problem
    return release


def content(release, name):
    """Return the content of a file of a release."""
    with releases.open_file(release, name) as file:
        return file.read()


def stored_bytes():
    """Return the content of every stored file by name."""
    contents, folders = {}, [""]
    while folders:
        folder = folders.pop()
        inner, names = default_storage.listdir(folder or ".")
        folders += [f"{folder}{name}/" for name in inner]
        for name in names:
            with default_storage.open(f"{folder}{name}") as file:
                contents[f"{folder}{name}"] = file.read()
    return contents


def holding(needles):
    """Return the names of stored files that contain any of these texts."""
    patterns = [needle.encode() for needle in needles]
    return [
        name
        for name, data in stored_bytes().items()
        if any(pattern in data for pattern in patterns)
    ]


def signs_of(candidates):
    """Return texts that reveal these candidates in a file."""
    ids = {f"\t{candidate.pk}\t" for candidate in candidates}
    ids |= {f"\t{candidate.pk}\n" for candidate in candidates}
    return ids | {
        sign for c in candidates for sign in (c.image.sha256, c.image_url, c.page_url)
    }


def rows_of(release, name):
    """Return the rows of a file with a header as dictionaries."""
    return list(
        csv.DictReader(
            io.StringIO(content(release, name).decode()),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
    )
