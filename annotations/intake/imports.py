"""Imports as rows: started by a person or a command, gone on with after a kill."""

from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from annotations.errors import WrongState
from annotations.models import Import, ImportState, User, audit

from .detection import check_layout
from .ledger import end
from .running import ENDED, LOCK_SPACE, run

UNFINISHED = Q(state__in=[ImportState.PENDING, ImportState.RUNNING])
# A slice commits every few seconds; one that was not heard of for longer is dead.
IDLE_SECONDS = 45


@transaction.atomic
def start(
    *, file_name: str, layout: str, with_images: bool, upload: str, by: User | None
) -> Import:
    """Make the import of a file; `upload` is its name in the storage, where it has one.

    `layout` is empty where it is to be detected; Invalid where there is none such.
    """
    check_layout(layout)
    import_ = Import.objects.create(
        file_name=file_name,
        layout=layout,
        with_images=with_images,
        upload=upload,
        by=by,
    )
    audit.write("import-started", by=by, **{"import": import_.pk})
    return import_


def run_upload(import_: Import, budget_seconds: float | None = None) -> bool:
    """Go on with an uploaded file; whether nothing is left to do here.

    The upload is deleted when its import ends. Where another worker has it, that one
    goes on with it.
    """
    try:
        with default_storage.open(import_.upload, "rb") as file:
            return run(import_, file, budget_seconds)
    except FileNotFoundError:
        end(import_, problem="The uploaded file is gone.")
        return True
    except WrongState:
        return True
    finally:
        if import_.state in ENDED:
            default_storage.delete(import_.upload)


def idle_uploads() -> list[int]:
    """Unfinished uploads that nobody works on: their worker or its message was lost."""
    quiet = timezone.now() - timedelta(seconds=IDLE_SECONDS)
    idle = Import.objects.filter(UNFINISHED, touched_at__lt=quiet).exclude(upload="")
    return [pk for pk in idle.values_list("pk", flat=True) if not _is_running(pk)]


def unfinished(*, path: Path, layout: str, with_images: bool) -> Import | None:
    """The interrupted import of this very file by a command, to go on with.

    A file that was changed since begins anew, and what is known costs little. So
    does a folder, whose time does not tell of changes within.
    """
    named = Import.objects.filter(UNFINISHED, upload="", file_name=str(path))
    for import_ in named.order_by("-pk"):
        changed = datetime.fromtimestamp(
            path.stat().st_mtime, timezone.get_default_timezone()
        )
        if (
            path.is_file()
            and changed < import_.created_at
            and import_.with_images == with_images
            and layout in ("", import_.layout)
        ):
            return import_
        if not _is_running(import_.pk):
            end(import_, problem="It was interrupted; the file is imported anew.")
    return None


def _is_running(pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())"
            " AND classid = %s AND objid = %s AND objsubid = 2)",
            [LOCK_SPACE, pk % 2**31],
        )
        return bool(cursor.fetchone()[0])
