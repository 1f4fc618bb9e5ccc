"""The present truth and judgments, streamed."""

from collections.abc import Iterable
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from annotations import export
from annotations.api.fields import BIGGEST
from annotations.api.permissions import IsAdmin
from annotations.api.schema import answers, binary

from .base import ApiView, ask, batch_for

TSV_TYPE = "text/tab-separated-values"


class ExportQuery(serializers.Serializer):
    """Of which batch."""

    batch = serializers.IntegerField(min_value=0, max_value=BIGGEST)


class JudgmentsQuery(ExportQuery):
    """Of which batch, and whether judges are named; admins may see names."""

    names = serializers.ChoiceField(
        ["true", "false"],
        required=False,
        help_text="false: stable pseudonyms in place of sign-in names.",
    )


class TruthFile(ApiView):
    """truth.tsv."""

    permission_classes = (IsAdmin,)

    @extend_schema(parameters=[ExportQuery], responses=answers(binary(TSV_TYPE), 404))
    def get(self, request: Request) -> StreamingHttpResponse:
        """Stream the truth of every candidate of a batch, as it is now."""
        number = ask(ExportQuery, request)["batch"]
        batch = batch_for(self.user, number)
        return attached(export.stream_truth([batch.pk]), f"truth-{number}.tsv")


class JudgmentsFile(ApiView):
    """judgments.tsv."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        parameters=[JudgmentsQuery], responses=answers(binary(TSV_TYPE), 404)
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Stream every current judgment of a batch, skips included."""
        asked: dict[str, Any] = ask(JudgmentsQuery, request)
        batch = batch_for(self.user, asked["batch"])
        rows = export.stream_judgments([batch.pk], names=asked.get("names") != "false")
        return attached(rows, f"judgments-{batch.pk}.tsv")


class HoursFile(ApiView):
    """hours.tsv."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers(binary(TSV_TYPE)))
    def get(self, request: Request, id: int) -> StreamingHttpResponse:
        """Stream what each judge did on each day (UTC): judge, day, judged, skipped, seconds."""
        batch = batch_for(self.user, id)
        return attached(export.stream_hours(batch.pk), f"hours-{id}.tsv")


def attached(chunks: Iterable[bytes | str], name: str) -> StreamingHttpResponse:
    """A TSV file, streamed."""
    return StreamingHttpResponse(
        chunks,
        content_type=f"{TSV_TYPE}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
