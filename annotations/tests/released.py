"""Batches that are judged to the end, with pictures, ready to be released."""

import csv
import io

from django.core.files.storage import default_storage
from django.db import connection

from annotations import adjudication, batches, judgments, queue, releases
from annotations.models import Role

from .desk import mark_of
from .factories import CandidateFactory, EntityFactory, UserFactory
from .pictures import stored


def judged_batch(truth, *, seed=0, name="Judged"):
    """A batch in which two judges said of each entity's candidates what `truth` says.

    `truth` is {key: "yes no yes …"}; every candidate has a picture of its own.
    """
    admin = UserFactory(roles=[Role.ADMIN])
    judges = [UserFactory(), UserFactory()]
    said = {}
    for key, verdicts in truth.items():
        entity = EntityFactory(key=key, name=f"Name of {key}")
        for rank, verdict in enumerate(verdicts.split()):
            seed += 1
            image = stored(seed=seed)
            candidate = CandidateFactory(entity=entity, image=image, rank=rank)
            said[candidate.pk] = verdict
    batch = batches.create(by=admin, name=name, entities=list(truth), order="rank")
    usernames = [judge.username for judge in judges]
    batches.add_judges(batch=batch, usernames=usernames, by=admin)
    batches.open_batch(batch=batch, by=admin)
    for judge in judges:
        judge_all(judge, lambda page, n: said[page.candidates[n]])
    return batch


def findable_batch():
    """Three entities; their candidates have numbers that are nothing else in a file."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('annotations_candidate_id_seq', 7000000)")
    return judged_batch(dict.fromkeys(("m.anna", "m.bert", "m.cleo"), "yes yes no"))


def judge_all(judge, verdict_of):
    """Take every page there is and say `verdict_of(page, position)`; None leaves it."""
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
    """Settle every conflict of a batch."""
    while (conflict := adjudication.lease(by=by, batch=batch)) is not None:
        number = conflict.candidate_id
        adjudication.rule(
            batch=batch, candidate=number, verdict=verdict_of(number), by=by
        )


def released(
    batch,
    *,
    name="first",
    seed=7,
    dev_entities=1,
    distractors=1,
    seconds=None,
    **given,
):
    """A release of a batch, made to its end, in so many seconds if told."""
    asked = releases.request(
        name=name,
        batches=[batch.pk],
        dev_entities=dev_entities,
        distractors=distractors,
        seed=seed,
        by=batch.created_by,
        **given,
    )
    assert releases.make(asked.pk, seconds)
    asked.refresh_from_db()
    assert asked.state == "done", asked.problem
    return asked


def content(release, name):
    """The bytes of a file of a release."""
    with releases.open_file(release, name) as file:
        return file.read()


def stored_bytes():
    """All that lies in the store, by name."""
    found, folders = {}, [""]
    while folders:
        folder = folders.pop()
        inner, names = default_storage.listdir(folder or ".")
        folders += [f"{folder}{name}/" for name in inner]
        for name in names:
            with default_storage.open(f"{folder}{name}") as file:
                found[f"{folder}{name}"] = file.read()
    return found


def holding(needles):
    """The stored files that hold any of these."""
    wanted = [needle.encode() for needle in needles]
    return [n for n, data in stored_bytes().items() if any(w in data for w in wanted)]


def signs_of(candidates):
    """By what somebody would find these candidates in a file."""
    numbers = {f"\t{candidate.pk}\t" for candidate in candidates}
    numbers |= {f"\t{candidate.pk}\n" for candidate in candidates}
    return numbers | {
        sign for c in candidates for sign in (c.image.sha256, c.image_url, c.page_url)
    }


def rows_of(release, name):
    """The rows of a file with a header, by column."""
    return list(
        csv.DictReader(
            io.StringIO(content(release, name).decode()),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
    )
