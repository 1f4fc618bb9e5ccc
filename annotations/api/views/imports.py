"""Imports: the API stores the file, a worker reads it."""

import secrets
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import intake, tasks
from annotations.api.pagination import NEWEST_FIRST, paginate
from annotations.api.schema import list_operation, operation
from annotations.api.serializers.imports import ImportShape, NewImport
from annotations.models import Import

from .base import ApiViewSet, UploadViewSet, get_or_404, read_body


class ImportUploadViewSet(UploadViewSet):
    """All imports."""

    command = "import_candidates FILE"

    @list_operation(ImportShape)
    def list(self, request: Request) -> Response:
        """List imports, newest first."""
        return paginate(request, Import.objects.all(), ImportShape, NEWEST_FIRST)

    @operation({202: ImportShape}, request={"multipart/form-data": NewImport})
    def create(self, request: Request) -> Response:
        """Send a file. The import, not this response, reports errors in the file."""
        form = read_body(NewImport, request)
        name = f"imports/{secrets.token_hex(16)}"
        upload = default_storage.save(name, form["file"])
        try:
            import_ = self._start(form, upload)
        except Exception:
            default_storage.delete(upload)
            raise
        return Response(ImportShape(import_).data, status=202)

    @transaction.atomic
    def _start(self, form: dict[str, Any], upload: str) -> Import:
        import_ = intake.start(
            file_name=form["file"].name,
            layout=form.get("layout", ""),
            with_images=form.get("images", "all") == "all",
            upload=upload,
            by=self.user,
        )
        transaction.on_commit(partial(tasks.continue_import.delay, import_.pk))
        return import_


class ImportViewSet(ApiViewSet):
    """One import."""

    @operation({200: ImportShape})
    def retrieve(self, request: Request, id: int) -> Response:
        """Show the progress of an import."""
        return Response(ImportShape(get_or_404(Import.objects.all(), id)).data)
