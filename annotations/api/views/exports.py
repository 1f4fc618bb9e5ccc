"""TSV files that are streamed from the current state of the database."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request

from annotations import export, intake
from annotations.api.schema import binary, operation
from annotations.api.serializers.exports import ExportQuery, JudgmentsQuery
from annotations.models import Import

from .base import ApiViewSet, get_or_404, read_query, visible_batch

TSV_TYPE = "text/tab-separated-values"


class ExportViewSet(ApiViewSet):
    """Ground truth and judgments of a batch."""

    @operation(binary(TSV_TYPE), 404, parameters=[ExportQuery])
    @action(detail=False, url_path="truth.tsv")
    def truth(self, request: Request) -> StreamingHttpResponse:
        """Stream the current truth of every candidate of a batch."""
        batch = visible_batch(self.user, read_query(ExportQuery, request)["batch"])
        chunks = export.stream_truth([batch.pk])
        return tsv_response(chunks, f"truth-{batch.pk}.tsv")

    @operation(binary(TSV_TYPE), 404, parameters=[JudgmentsQuery])
    @action(detail=False, url_path="judgments.tsv")
    def judgments(self, request: Request) -> StreamingHttpResponse:
        """Stream every current judgment of a batch, skips included."""
        query = read_query(JudgmentsQuery, request)
        batch = visible_batch(self.user, query["batch"])
        with_names = query.get("names") != "false"
        chunks = export.stream_judgments([batch.pk], names=with_names)
        return tsv_response(chunks, f"judgments-{batch.pk}.tsv")


class BatchExportViewSet(ApiViewSet):
    """Files of one batch."""

    @operation(binary(TSV_TYPE))
    @action(detail=True, url_path="hours.tsv")
    def hours(self, request: Request, id: int) -> StreamingHttpResponse:
        """Stream each judge's work by day (UTC): judge, day, judged, skipped, seconds."""
        batch = visible_batch(self.user, id)
        return tsv_response(export.stream_hours(batch.pk), f"hours-{id}.tsv")


class ImportExportViewSet(ApiViewSet):
    """Files of one import."""

    @operation(binary(TSV_TYPE))
    @action(detail=True, url_path="refused.tsv")
    def refused(self, request: Request, id: int) -> StreamingHttpResponse:
        """Stream the refused rows: line, reason, and the start of the row."""
        import_ = get_or_404(Import.objects.all(), id)
        return tsv_response(intake.refused_tsv(import_), f"refused-{id}.tsv")


def tsv_response(chunks: Iterable[bytes | str], name: str) -> StreamingHttpResponse:
    """Stream a TSV file as a download."""
    return StreamingHttpResponse(
        chunks,
        content_type=f"{TSV_TYPE}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
