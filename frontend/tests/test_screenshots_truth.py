"""Screenshots of releases and evaluations, made from the demo with complete verdicts."""

import csv
import io
import random

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotations import agreement, queue, releases
from annotations.entities import figures
from annotations.models import Batch, Candidate, Entity, Evaluation, User
from annotations.scoring import registry
from annotations.scoring.faces import Faces
from annotations.tests.released import content, judge_all, released, rule_all
from annotations.tests.shades import due_now, score_all, use
from labeler import demo

from .test_screenshots import DESKTOP, PHONE, shoot

SEED = 5
ERROR_RATE = 0.06  # of a judge's verdicts
# Invented recognisers: the share of correct answers, and a factor of their confidence.
RECOGNISERS = {"baseline": (0.82, 0.75), "with more data": (0.93, 0.85)}
APPEARANCES = [
    (size, theme) for size in ("desktop", "phone") for theme in ("light", "dark")
]


@pytest.fixture
def release(transactional_db, settings):
    """Make a release of the demo with the results of two recognisers."""
    settings.EMBEDDINGS = True
    use(settings, Faces)
    call_command("make_users", verbosity=0)
    call_command("load_demo", verbosity=0)
    due_now()
    score_all()
    batch, true_verdicts = judged(random.Random(SEED))
    rule_all(batch, User.objects.get(username="admin"), true_verdicts.get)
    queue.sum_counters()
    agreement.update_report(batch.pk)
    new_release = released(batch, name="First release", dev_entities=12, distractors=20)
    assert new_release.method
    for name, (share, sure) in RECOGNISERS.items():
        evaluate(new_release, name, share, sure)
    figures.compute()
    figures.compute(releases.group_of(new_release))
    yield new_release
    registry.configured.cache_clear()


def judged(chance):
    """Let two judges finish the demo's batch. Return it and the true verdicts by candidate."""
    with demo.TRUTH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    by_path = {row["path"]: row["verdict"] for row in rows}
    with demo.MANIFEST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    verdicts = {(row["key"], row["rank"]): by_path[row["path"]] for row in rows}
    true_verdicts = {
        candidate.pk: verdicts[candidate.entity.key, str(candidate.rank)]
        for candidate in Candidate.objects.select_related("entity")
    }

    def says(page, position):
        right = true_verdicts[page.candidates[position]]
        wrong = "no" if right == "yes" else "yes"
        return wrong if chance.random() < ERROR_RATE else right

    for name in ("judge1", "judge2"):
        judge_all(User.objects.get(username=name), says)
    return Batch.objects.get(), true_verdicts


def evaluate(release, name, share, sure):
    """Evaluate results with a share of correct answers, which have a higher confidence."""
    chance = random.Random(name)
    keys = list(Entity.objects.values_list("key", flat=True))
    measurement_lines = content(release, "measurement-random-dev-aligned.tsv").decode()
    lines = []
    for number, line in enumerate(measurement_lines.splitlines(), 1):
        is_right = chance.random() < share
        answer = line.split("\t")[0] if is_right else chance.choice(keys)
        confidence = chance.betavariate(6 if is_right else 3, 2) * sure
        lines.append(f"{number}\t{answer}\t{confidence:.4f}\n")
    releases.evaluate(
        release=release,
        subset="random",
        split="dev",
        file=io.BytesIO("".join(lines).encode()),
        name=name,
        by=User.objects.get(username="admin"),
    )


def test_the_pages_of_releases_and_evaluations(opened, release):
    admin = User.objects.get(username="admin")
    batch = Batch.objects.get()
    worst = Evaluation.objects.order_by("pk").first()
    addresses = {
        "agreement": reverse("agreement", args=[batch.pk]),
        "reliability": reverse("reliability", args=[batch.pk]),
        "releases": reverse("releases"),
        "release": reverse("release", args=[release.pk]),
        "new-release": reverse("new-release"),
        "evaluations": reverse("evaluations", args=[release.pk]),
        "evaluation": reverse("evaluation", args=[worst.pk]),
        "list": f"{reverse('the-list')}?beside=release-{release.pk}",
        "pictures": reverse("pictures", args=["m.demo04"]),
    }
    for size, theme in APPEARANCES:
        options = DESKTOP if size == "desktop" else PHONE
        page = opened(admin, "/", color_scheme=theme, **options)
        for name, address in addresses.items():
            page.goto(address)
            page.wait_for_load_state("networkidle")
            shoot(page, f"truth/{name}-{size}-{theme}")
        page.close()
