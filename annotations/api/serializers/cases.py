"""A conflict with all that is known of it, written out: the value that the page shows."""

from typing import Any

from rest_framework.request import Request
from rest_framework.reverse import reverse

from annotations.adjudication import Case

from .conflicts import CommentShape, RulingShape, vote_as_json


def case_as_json(case: Case, request: Request) -> dict[str, Any]:
    """A case in the shape of CaseShape."""
    candidate, conflict, is_named = case.candidate, case.conflict, case.names_are_shown
    return {
        "batch": case.batch.pk,
        "candidate": candidate.pk,
        "expires_at": conflict.held_until if conflict else None,
        "kinds": conflict.kinds if conflict else [],
        "open": bool(conflict and conflict.is_open),
        "entity": _entity(case, request),
        **_pictures(case, request),
        "image_url": candidate.image_url,
        "page_url": candidate.page_url,
        "rank": candidate.rank,
        "face": candidate.frame,
        "unreadable": not candidate.is_readable,
        "votes": [vote_as_json(vote, is_named=is_named) for vote in case.votes],
        "reports": _reports(case),
        "comments": CommentShape(case.comments, many=True).data,
        "second_looks": _asked(case),
        "ruling": RulingShape(case.ruling).data if case.ruling else None,
    }


def _entity(case: Case, request: Request) -> dict[str, Any]:
    entity, address = case.entity, None
    if case.representative is not None and entity.key:
        address = reverse("api:representative", [entity.key], request=request)
    return {
        "key": entity.key,
        "name": entity.name,
        "description": entity.description,
        "representative": address,
        "representative_verified": case.is_representative_verified,
        "settled": [
            reverse(
                "api:conflict-settled",
                [case.batch.pk, case.candidate.pk, place],
                request=request,
            )
            for place in case.settled
        ],
    }


def _pictures(case: Case, request: Request) -> dict[str, str | None]:
    names = {"image": "api:candidate-image", "thumbnail": "api:candidate-thumbnail"}
    if not case.candidate.is_readable:
        return dict.fromkeys(names)
    number = str(case.candidate.pk)
    return {field: reverse(n, [number], request=request) for field, n in names.items()}


def _reports(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "id": report.pk,
            "reason": report.reason,
            "comment": report.comment,
            "by": report.by.username if case.names_are_shown else None,
            "created_at": report.created_at,
        }
        for report in case.reports
    ]


def _asked(case: Case) -> list[dict[str, Any]]:
    letters = {vote.judge: vote.who for vote in case.votes}
    return [
        {
            "who": letters.get(look.judge_id),
            "question": look.question,
            "asked_at": look.asked_at,
            "answered_at": look.answered_at,
        }
        for look in case.second_looks
    ]
