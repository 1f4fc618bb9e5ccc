"""Keyset pagination: a page starts after the last row of the previous one. Never counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from drf_spectacular.drainage import get_override
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from .fields import BIGGEST

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
Row = TypeVar("Row", bound=Model)
Shape = type[serializers.BaseSerializer[Any]]


class ListQuery(serializers.Serializer[Any]):
    """The part of a list to return. Use the address in `next` instead of building one."""

    cursor = serializers.IntegerField(
        required=False, min_value=0, max_value=BIGGEST, help_text="From `next`."
    )
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LIMIT_MAX,
        help_text=f"Rows per page; the default is {LIMIT_DEFAULT}.",
    )


@dataclass(frozen=True)
class Keyset:
    """An order of rows, and the integer cursor that says where a page ended."""

    order: tuple[str, ...]
    cursor_of: Callable[[Any], int]
    beyond: Callable[[int], Q]


OLDEST_FIRST = Keyset(("pk",), lambda row: row.pk, lambda cursor: Q(pk__gt=cursor))
NEWEST_FIRST = Keyset(("-pk",), lambda row: row.pk, lambda cursor: Q(pk__lt=cursor))


def paginate(
    request: Request,
    rows: QuerySet[Row],
    serialize: Shape | Callable[[Sequence[Row]], Any],
    keyset: Keyset = OLDEST_FIRST,
) -> Response:
    """Answer with one page of `rows` in the order of the keyset.

    Reads one row more than the limit to know whether there is a next page.
    """
    query = ListQuery(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    cursor = query.validated_data.get("cursor")
    limit = query.validated_data.get("limit", LIMIT_DEFAULT)
    if cursor is not None:
        rows = rows.filter(keyset.beyond(cursor))
    page = list(rows.order_by(*keyset.order)[: limit + 1])
    next_cursor = None
    if len(page) > limit:
        page = page[:limit]
        next_cursor = keyset.cursor_of(page[-1])
    if isinstance(serialize, type):
        results = serialize(page, many=True).data
    else:
        results = serialize(page)
    return list_response(request, results, next_cursor)


def list_response(request: Request, results: Any, next_cursor: int | None) -> Response:
    """Put one page of a list, already serialized, into its envelope."""
    next_url = None
    if next_cursor is not None:
        url = request.build_absolute_uri()
        next_url = replace_query_param(url, "cursor", str(next_cursor))
    return Response({"next": next_url, "results": results})


def list_shape(shape: Shape) -> Shape:
    """Return the serializer of a list's page, for the schema."""
    fields = {
        "__doc__": "One page of a list.",
        "next": serializers.URLField(
            allow_null=True, help_text="The next page; null on the last one."
        ),
        "results": shape(many=True),
    }
    name = get_override(shape, "component_name", shape.__name__)
    return type(f"{name}List", (serializers.Serializer,), fields)
