"""Lists page by page, by key and never by counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .access import number_of

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """The first rows of a list, and whether more rows follow."""

    rows: list[Row]
    has_more: bool

    @property
    def last(self) -> Row | None:
        """The last row when more rows follow, else None."""
        return self.rows[-1] if self.has_more else None


def first_rows(rows: QuerySet[Any, Row] | Sequence[Row], limit: int) -> Rows[Row]:
    """Return at most `limit` rows. One row more is read to see whether others follow."""
    selection = list(rows[: limit + 1])
    return Rows(selection[:limit], len(selection) > limit)


def newest(
    request: HttpRequest, rows: QuerySet[ModelRow], limit: int, name: str
) -> dict[str, Any]:
    """Return the context of a list, newest first: the rows as `name`, `before`, `is_first`.

    The query parameter `before` is the id after which the list continues.
    """
    before = number_of(request, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = first_rows(rows.order_by("-pk"), limit)
    return {
        name: page.rows,
        "before": page.last and page.last.pk,
        "is_first": before is None,
    }
