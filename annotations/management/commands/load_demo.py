"""`manage.py load_demo`: a demo batch of computer-drawn people."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction

from annotations import batches, intake, queue
from annotations.management.importing import ExampleCommand
from annotations.models import Batch, Entity, Import, ImportState, Role, User

FOLDER = settings.BASE_DIR / "labeler" / "demo"
NAME = "Demo: drawn people"
JUDGES = ("judge1", "judge2", "judge3")
RULES: dict[str, Any] = {
    "judges_required": 2,
    "judges_maximum": 3,
    "page_size": 30,
    "order": "uncertain",
}


class Command(ExampleCommand):
    """Loads the demo into an installation without batches."""

    help = (
        "Import the demo's drawn people and open a batch of them for judge1, judge2\n"
        "and judge3. Does nothing if there is already a batch.\n\n"
        "Example: manage.py make_users && manage.py load_demo"
    )

    def handle(self, **options: Any) -> None:
        """Import the people, create a batch and open it. A later call continues a crash."""
        if Batch.objects.exists():
            self.stdout.write(
                "There is already a batch. The demo is only for a new installation."
            )
            return
        admin = User.objects.filter(roles__contains=[Role.ADMIN]).first()
        if admin is None:
            raise CommandError("There is no admin yet. Run manage.py make_users first.")
        for layout in ("entities", "manifest"):
            _import(FOLDER / f"{layout}.tsv", layout, admin)
        batch = _open_batch(admin)
        self.stdout.write(
            f"The demo is loaded: batch {batch.pk}, {batch.candidates_total} candidates."
        )


def _import(path: Path, layout: str, by: User) -> Import:
    import_ = intake.start(
        file_name=str(path), layout=layout, with_images=True, upload="", by=by
    )
    intake.run(import_, path)
    if import_.state != ImportState.DONE:
        raise CommandError(f"{path.name} cannot be read: {import_.problem}")
    return import_


@transaction.atomic
def _open_batch(admin: User) -> Batch:
    """Create and open the batch in one transaction, so that a crash leaves no draft."""
    with (FOLDER / "entities.tsv").open(encoding="utf-8") as lines:
        demo_keys = [line.split("\t")[0] for line in lines][1:]
    rows = Entity.objects.filter(key__in=demo_keys)
    present = set(rows.values_list("key", flat=True))
    keys = [key for key in demo_keys if key in present]  # the others were erased
    batch = batches.create(by=admin, name=NAME, entities=keys, **RULES)
    judges = User.objects.filter(username__in=JUDGES, is_active=True)
    usernames = [judge.username for judge in judges if judge.is_judge]
    batches.add_judges(batch=batch, usernames=usernames, by=admin)
    batches.open_batch(batch=batch, by=admin)
    queue.sum_counters([batch.pk])
    batch.refresh_from_db()
    return batch
