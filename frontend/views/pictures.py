"""An entity's pictures with borders by truth: confirmed, refused, broken, open."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotations import entities as stage
from annotations import ground_truth
from annotations.models import Candidate

from .access import PersonRequest, admins_only, number_of
from .entities import candidate_of, entity_of

SHOWN = 60
WORDS = {"yes": "confirmed", "no": "refused", "broken": "broken", None: "open"}


@dataclass(frozen=True)
class Framed:
    """A candidate and what is true of it; verdict and basis are empty while open."""

    candidate: Candidate
    verdict: str
    basis: str
    word: str


@admins_only
@require_safe
def pictures(request: PersonRequest, key: str) -> HttpResponse:
    """Show an entity's candidates as the truth over all batches has them."""
    entity = entity_of(key)
    truth = ground_truth.of_entity(entity.pk)
    after = candidate_of(entity, number_of(request, "after"))
    rows = stage.candidates_of(entity, after, SHOWN + 1)
    shown = rows[:SHOWN]
    verdicts = [verdict for verdict, _ in truth.values()]
    context = {
        "entity": entity,
        "framed": [_framed(each, truth.get(each.pk)) for each in shown],
        "counts": [
            (word, verdict or "open", verdicts.count(verdict))
            for verdict, word in WORDS.items()
        ],
        "is_judged": bool(truth),
        "is_first": after is None,
        "following": shown[-1].pk if len(rows) > SHOWN else None,
    }
    return render(request, "frontend/pictures.html", context)


def _framed(candidate: Candidate, said: tuple[str | None, str] | None) -> Framed:
    verdict, basis = said or (None, "")
    word = WORDS[verdict] if said else "in no batch"
    return Framed(candidate, verdict or "", basis if verdict else "", word)
