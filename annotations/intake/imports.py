"""Imports as rows: started by a user or a command, continued after a crash."""

from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotations import sql
from annotations.errors import WrongState
from annotations.models import Import, ImportState, User, audit

from .detection import check_layout
from .ledger import end
from .running import ENDED, LOCK_SPACE, run

UNFINISHED = Q(state__in=[ImportState.PENDING, ImportState.RUNNING])
# A worker commits every few seconds. An import without a commit for longer is dead.
IDLE_SECONDS = 45
IS_RUNNING = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = %s AND objid = %s AND objsubid = 2)
"""


@transaction.atomic
def start(
    *, file_name: str, layout: str, with_images: bool, upload: str, by: User | None
) -> Import:
    """Create the import of a file; `upload` is its name in the storage, if it has one.

    An empty `layout` is detected later. An unknown one raises Invalid.
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
    """Continue an uploaded file's import. Return True when this worker has no more to do.

    Deletes the upload when its import ends. If another worker has the import, that one
    continues it.
    """
    try:
        with default_storage.open(import_.upload, "rb") as file:
            return run(import_, file, budget_seconds)
    except FileNotFoundError:
        end(import_, problem="The uploaded file is missing. Upload it again.")
        return True
    except WrongState:
        return True
    finally:
        if import_.state in ENDED:
            default_storage.delete(import_.upload)


def idle_uploads() -> list[int]:
    """Return unfinished uploads whose worker, or the message to it, was lost."""
    limit = timezone.now() - timedelta(seconds=IDLE_SECONDS)
    idle = Import.objects.filter(UNFINISHED, touched_at__lt=limit).exclude(upload="")
    return [pk for pk in idle.values_list("pk", flat=True) if not _is_running(pk)]


def unfinished(*, path: Path, layout: str, with_images: bool) -> Import | None:
    """Return the interrupted import of this file by a command, to continue it.

    A file that has changed since is imported from the start, which takes little time
    for rows that are already imported. So is a folder, because its time does not show
    changes inside it.
    """
    imports = Import.objects.filter(UNFINISHED, upload="", file_name=str(path))
    for import_ in imports.order_by("-pk"):
        changed_at = datetime.fromtimestamp(
            path.stat().st_mtime, timezone.get_default_timezone()
        )
        if (
            path.is_file()
            and changed_at < import_.created_at
            and import_.with_images == with_images
            and layout in ("", import_.layout)
        ):
            return import_
        if not _is_running(import_.pk):
            end(
                import_,
                problem="It was interrupted. A new import of the file replaces it.",
            )
    return None


def _is_running(pk: int) -> bool:
    return bool(sql.value(IS_RUNNING, [LOCK_SPACE, pk % 2**31]))
