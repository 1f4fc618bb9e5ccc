"""Lists by keyset: a page begins after the last row of the one before. No counting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from .fields import BIGGEST

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
Row = TypeVar("Row", bound=Model)


class ListQuery(serializers.Serializer):
    """Which page of a list. Take `next` as it comes, rather than making one."""

    cursor = serializers.IntegerField(
        required=False, min_value=0, max_value=BIGGEST, help_text="From `next`."
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LIMIT_MAX,
        help_text=f"Rows on a page, {LIMIT_DEFAULT} unless told.",
    )


@dataclass(frozen=True)
class Keyset:
    """An order of rows, and how a whole number says where in it a page ended."""

    order: tuple[str, ...]
    cursor_of: Callable[[Any], int]
    beyond: Callable[[int], Q]


OLDEST_FIRST = Keyset(("pk",), lambda row: row.pk, lambda cursor: Q(pk__gt=cursor))
NEWEST_FIRST = Keyset(("-pk",), lambda row: row.pk, lambda cursor: Q(pk__lt=cursor))


def page_of(
    request: Request,
    rows: QuerySet[Row],
    show: Callable[[Sequence[Row]], Any],
    keyset: Keyset = OLDEST_FIRST,
) -> Response:
    """Answer with one page of `rows` in their keyset's order, as `show` has them.

    One row more than asked for is read: it tells whether there is a next page.
    """
    query = ListQuery(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    cursor = query.validated_data.get("cursor")
    limit = query.validated_data.get("limit", LIMIT_DEFAULT)
    if cursor is not None:
        rows = rows.filter(keyset.beyond(cursor))
    found = list(rows.order_by(*keyset.order)[: limit + 1])
    following = None
    if len(found) > limit:
        found = found[:limit]
        here = request.build_absolute_uri()
        following = replace_query_param(
            here, "cursor", str(keyset.cursor_of(found[-1]))
        )
    return Response({"next": following, "results": show(found)})


def listed(shape: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The serializer of a list's page, for the schema."""
    fields = {
        "__doc__": "One page of a list.",
        "next": serializers.URLField(
            allow_null=True, help_text="Where it goes on; null at the end."
        ),
        "results": shape(many=True),
    }
    return type(f"{shape.__name__}List", (serializers.Serializer,), fields)
