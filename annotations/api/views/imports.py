"""Files that are sent in. A worker reads them; this only takes them on."""

import secrets
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import intake, tasks
from annotations.api.pagination import NEWEST_FIRST, ListQuery, listed, page_of
from annotations.api.permissions import IsAdmin
from annotations.api.schema import answers, binary
from annotations.api.serializers.imports import ImportShape, NewImport
from annotations.errors import NotFound
from annotations.models import Import

from .base import ApiView, UploadView, read
from .exports import TSV_TYPE, attached


class Imports(UploadView):
    """Files on their way in."""

    command = "import_candidates FILE"

    @extend_schema(
        parameters=[ListQuery], responses=answers({200: listed(ImportShape)})
    )
    def get(self, request: Request) -> Response:
        """List imports, newest first."""
        return page_of(
            request,
            Import.objects.all(),
            lambda rows: ImportShape(rows, many=True).data,
            NEWEST_FIRST,
        )

    @extend_schema(
        request={"multipart/form-data": NewImport},
        responses=answers({202: ImportShape}),
    )
    def post(self, request: Request) -> Response:
        """Send a file in. What is wrong inside it shows in the import, not here."""
        form = read(NewImport, request)
        file = form["file"]
        name = default_storage.save(f"imports/{secrets.token_hex(16)}", file)
        try:
            begun = self._begin(form, name)
        except Exception:
            default_storage.delete(name)
            raise
        return Response(ImportShape(begun).data, status=202)

    @transaction.atomic
    def _begin(self, form: dict[str, Any], upload: str) -> Import:
        begun = intake.start(
            file_name=form["file"].name,
            layout=form.get("layout", ""),
            with_images=form.get("images", "all") == "all",
            upload=upload,
            by=self.user,
        )
        transaction.on_commit(partial(tasks.continue_import.delay, begun.pk))
        return begun


class OneImport(ApiView):
    """An import by number."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers({200: ImportShape}))
    def get(self, request: Request, id: int) -> Response:
        """Show how far it is."""
        return Response(ImportShape(_import(id)).data)


class Refused(ApiView):
    """What an import did not take."""

    permission_classes = (IsAdmin,)

    @extend_schema(responses=answers(binary(TSV_TYPE)))
    def get(self, request: Request, id: int) -> StreamingHttpResponse:
        """Stream the refused rows: line, reason, and how the row began."""
        return attached(intake.refused_tsv(_import(id)), f"refused-{id}.tsv")


def _import(number: int) -> Import:
    found = Import.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no import {number}.")
    return found
