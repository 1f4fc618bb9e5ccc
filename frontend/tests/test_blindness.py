"""Whatever the others said, a judge who has not judged yet gets the very same bytes.

Two worlds are made by the same events; only every verdict of the others differs. Every
address of the API and of the pages is asked in both, found from the URL patterns, so a
new one is asked as well. The sequences start anew, so the numbers are the same; times
and what is random by design are blotted out.
"""

import random
import re
import secrets
from contextlib import suppress

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from annotations import adjudication, batches, judgments, queue
from annotations.consensus import Verdict
from annotations.models import Candidate, Role, User
from annotations.tests.desk import mark_of
from annotations.tests.factories import CandidateFactory, EntityFactory
from annotations.tests.pictures import stored

pytestmark = pytest.mark.django_db(transaction=True)

OTHERS = {"yes": ("no", "broken"), "no": ("yes", "broken"), "broken": ("yes", "no")}
BLOTS = [
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "DAY"),
    (re.compile(r"\d\d:\d\d(:\d\d)?"), "CLOCK"),
    (re.compile(r'name="csrfmiddlewaretoken" value="\w+"'), "CSRF"),
    (re.compile(r'nonce="[^"]+"'), "NONCE"),
]
# What a judge's own call is made of, by the name of the address.
BODIES = {
    "judgments": {"judgments": []},
    "candidate-reports": {"reason": "nonsense"},
}
# These end the judge's own work, or sign in and out, so that nothing after is compared.
LAST = ("release", "sign-out", "sign-in", "tokens")
HEADERS = ("Content-Type", "ETag", "Labeler-Reason", "Retry-After", "Location")
# The framework's own, and what knows nothing of batches.
ELSEWHERE = ("django-admin", "static", "healthz", "schema", "docs")
EMPTY = [
    "judgment",
    "judgmentrevision",
    "assignment",
    "reopened",
    "conflict",
    "judgeday",
    "batchjudge",
    "batchentity",
    "batch",
    "candidate",
    "entity",
    "image",
    "auditentry",
    "user",
]


def start_anew():
    """Empty the tables, and count from the same numbers again."""
    tables = ", ".join(f"annotations_{name}" for name in EMPTY)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


class World:
    """A batch in which two others have said what the world's verdicts are."""

    def __init__(self, rules, verdicts):
        start_anew()
        self.admin = User.objects.create_user("ada", roles=[Role.ADMIN])
        names = ("first", "second", "judge")
        people = [User.objects.create_user(n, roles=[Role.JUDGE]) for n in names]
        *self.others, self.judge = people
        keys = [f"m.blind{n}" for n in range(2)]
        for number, key in enumerate(keys):
            entity = EntityFactory(key=key, name=f"Person {number}")
            for rank in range(4):
                image = stored(seed=100 * number + rank)
                CandidateFactory(
                    entity=entity, image=image, rank=rank, image_url="", page_url=""
                )
        batch = batches.create(by=self.admin, name="b", entities=keys, **rules)
        batches.add_judges(batch=batch, usernames=names, by=self.admin)
        self.batch = batches.open_batch(batch=batch, by=self.admin)
        self.verdicts = verdicts
        self.work()

    def work(self):
        for number, other in enumerate(self.others):
            while True:
                try:
                    page = queue.lease(judge=other)
                except queue.NothingToLease:
                    break
                marks = [
                    mark_of(page, n, self.verdicts[number][candidate], reason="my why")
                    for n, candidate in enumerate(page.candidates)
                ]
                judgments.record(judge=other, marks=marks)
                queue.submit(assignment_id=page.pk, judge=other)
        queue.sum_counters()


def patterns(resolver, prefix="", namespace=""):
    """Every address as (its name, its route with the parameters' names)."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            space = pattern.namespace or namespace
            yield from patterns(pattern, prefix + str(pattern.pattern), space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name, prefix + str(pattern.pattern)


def addresses(world):
    """Every address that the world fills, with each thing it could be asked about."""
    candidates = list(Candidate.objects.order_by("pk").values_list("pk", flat=True))
    pages = [page.pk for page in queue.held_pages(world.judge)]
    theirs = [page.pk for page in queue.pages_of(world.others[0])[:1]]
    values = {
        "key": ["m.blind0", "m.blind1"],
        "ref": [str(candidates[0]), *(f"{p}.{n}" for p in pages for n in range(2))],
        "username": ["first", "judge"],
        "sha256": ["0" * 64],
        "place": [0],
        "candidate": candidates[:2],
        "rest": [""],
    }
    numbers = {"assignments": [*pages, *theirs], "pages": [*pages, *theirs]}
    for name, route in sorted(set(patterns(get_resolver()))):
        if any(part in route for part in ELSEWHERE):
            continue
        filled = [route]
        for parameter in re.findall(r"<(?:\w+:)?(\w+)>", route):
            noun = (
                route.split("/")[2] if route.startswith("api/") else route.split("/")[0]
            )
            known = values.get(parameter) or numbers.get(noun) or [world.batch.pk]
            known = numbers["pages"] if parameter == "page_id" else known
            spot = re.compile(rf"<(?:\w+:)?{parameter}>")
            filled = [spot.sub(str(v), f, count=1) for f in filled for v in known]
        yield from ((name, "/" + re.sub(r"[\^$]|\(\?P.*\)", "", f)) for f in filled)


def answers(world):
    """What the judge gets from everywhere: address and method → status, headers, bytes."""
    client = Client()
    client.force_login(world.judge)
    with suppress(queue.NothingToLease):
        queue.lease(judge=world.judge)
    asked = sorted(addresses(world), key=lambda each: each[0] in LAST)
    found = {}
    for name, address in asked:
        for method in ("get", "post", "put", "patch", "delete"):
            if name in LAST and method == "get":
                continue
            body = BODIES.get(name, {})
            send = getattr(client, method)
            options = {} if method == "get" else {"content_type": "application/json"}
            response = (
                send(address, body, **options) if body else send(address, **options)
            )
            content = (
                b"".join(response.streaming_content)
                if response.streaming
                else response.content
            )
            found[f"{method} {address}"] = (
                response.status_code,
                {h: response[h] for h in HEADERS if h in response},
                blotted(content),
            )
            response.close()
    return found


def blotted(content):
    """The bytes without times and what is random by design."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    for pattern, blot in BLOTS:
        text = pattern.sub(blot, text)
    return text


def said_by_both(chance, pairs):
    """Verdicts of two judges on eight candidates, by candidate."""
    chosen = [chance.choice(pairs) for _ in range(8)]
    return [dict(enumerate((pair[n] for pair in chosen), 1)) for n in range(2)]


def changed(chance, verdicts, *, differ):
    """Every verdict changed to another; where they must `differ`, they still do."""
    while True:
        new = [
            {c: chance.choice(OTHERS[v]) for c, v in of_one.items()}
            for of_one in verdicts
        ]
        if not differ or all(new[0][c] != new[1][c] for c in new[0]):
            return new


ALL = [(a, b) for a in OTHERS for b in OTHERS]
APART = [(a, b) for a, b in ALL if a != b]
SITUATIONS = {
    "one more judge is required": ({"judges_required": 3}, ALL, False),
    "the others have met the need": ({"judges_required": 2}, ALL, False),
    # An adaptive page tells that its candidates are open, and no more than that.
    "all are open": ({"judges_required": 2, "judges_maximum": 3}, APART, True),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_judge_learns_nothing_before_judging(situation, monkeypatch):
    monkeypatch.setattr(secrets, "randbelow", lambda limit: 7)
    rules, pairs, differ = SITUATIONS[situation]
    chance = random.Random(5)
    verdicts = said_by_both(chance, pairs)
    first = answers(World(rules, verdicts))
    second = answers(World(rules, changed(chance, verdicts, differ=differ)))
    assert first.keys() == second.keys()
    different = [address for address in first if first[address] != second[address]]
    assert different == []
    asked = {address for address, (status, *_) in first.items() if status == 200}
    assert any("/judge/" in address for address in asked)
    if situation != "the others have met the need":
        assert sum("thumbnail" in address for address in asked) >= 2


def test_the_comparison_would_see_a_leak(monkeypatch):
    """An adjudicator's answers do differ: the worlds are not the same by mistake."""
    monkeypatch.setattr(secrets, "randbelow", lambda limit: 7)
    chance = random.Random(3)
    verdicts = said_by_both(chance, APART)
    told = []
    for said in (verdicts, changed(chance, verdicts, differ=True)):
        world = World({"judges_required": 2}, said)
        case = adjudication.case_of(world.batch, 1)
        told.append([Verdict(vote.verdict) for vote in case.votes])
    assert told[0] != told[1]
