"""An entity's pictures by truth: confirmed, refused, broken, undecided."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import entities as stage
from annotations import ground_truth
from annotations.models import Candidate

from .access import PersonRequest, admins_only, number_of
from .entities import candidate_of, entity_of
from .paging import first_rows

SHOWN = 60
WORDS = {"yes": "confirmed", "no": "refused", "broken": "broken", None: "undecided"}


@dataclass(frozen=True)
class Framed:
    """A candidate with its truth; verdict and basis are empty while it is undecided."""

    candidate: Candidate
    verdict: str
    basis: str
    word: str


@admins_only
@require_safe
def pictures(request: PersonRequest, key: str) -> HttpResponse:
    """Show an entity's candidates with their truth over all batches."""
    entity = entity_of(key)
    truth = ground_truth.truths_of_entity(entity.pk)
    after = candidate_of(entity, number_of(request, "after"))
    page = first_rows(stage.candidates_of(entity, after, SHOWN + 1), SHOWN)
    verdicts = [verdict for verdict, _ in truth.values()]
    context = {
        "entity": entity,
        "framed": [_framed(row, truth.get(row.pk)) for row in page.rows],
        "counts": [
            (word, verdict or "open", verdicts.count(verdict))
            for verdict, word in WORDS.items()
        ],
        "is_judged": bool(truth),
        "is_first": after is None,
        "following": page.last and page.last.pk,
    }
    return render(request, "frontend/pictures.html", context)


def _framed(candidate: Candidate, truth: tuple[str | None, str] | None) -> Framed:
    verdict, basis = truth or (None, "")
    word = WORDS[verdict] if truth else "in no batch"
    return Framed(candidate, verdict or "", basis if verdict else "", word)
