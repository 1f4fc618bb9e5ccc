"""The JSON form of a conflict, from the same value that the page shows."""

from typing import Any

from rest_framework.request import Request
from rest_framework.reverse import reverse

from annotations.adjudication import Case

from .conflicts import CommentShape, RulingShape, vote_as_json


def case_as_json(case: Case, request: Request) -> dict[str, Any]:
    """Return a case in the shape of CaseShape."""
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
        "second_looks": _second_looks(case),
        "ruling": RulingShape(case.ruling).data if case.ruling else None,
    }


def _entity(case: Case, request: Request) -> dict[str, Any]:
    entity, representative = case.entity, None
    if case.representative is not None and entity.key:
        representative = reverse(
            "api:entity-representative", [entity.key], request=request
        )
    return {
        "key": entity.key,
        "name": entity.name,
        "description": entity.description,
        "representative": representative,
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
    names = {"image": "api:picture-image", "thumbnail": "api:picture-thumbnail"}
    if not case.candidate.is_readable:
        return dict.fromkeys(names)
    ref = str(case.candidate.pk)
    return {field: reverse(n, [ref], request=request) for field, n in names.items()}


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


def _second_looks(case: Case) -> list[dict[str, Any]]:
    letters = {vote.judge: vote.who for vote in case.votes}
    return [
        {
            "who": letters.get(second_look.judge_id),
            "question": second_look.question,
            "asked_at": second_look.asked_at,
            "answered_at": second_look.answered_at,
        }
        for second_look in case.second_looks
    ]
