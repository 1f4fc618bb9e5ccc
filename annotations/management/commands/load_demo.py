"""`manage.py load_demo`: drawn people to try the labelling with."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotations import batches, intake, queue
from annotations.management.importing import AsWritten
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


class Command(BaseCommand):
    """Loads the demo into an installation without batches."""

    help = (
        "Import the demo's drawn people and open a batch of them for judge1, judge2\n"
        "and judge3. Does nothing where there is a batch already.\n\n"
        "Example: manage.py make_users && manage.py load_demo"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the lines of the example."""
        return super().create_parser(*args, formatter_class=AsWritten, **kwargs)

    def handle(self, **options: Any) -> None:
        """Import, cut, open; what a killed run has imported is known and kept."""
        if Batch.objects.exists():
            self.stdout.write("There is a batch already; the demo is for a first run.")
            return
        admin = User.objects.filter(roles__contains=[Role.ADMIN]).first()
        if admin is None:
            raise CommandError("There is no admin yet: run manage.py make_users first.")
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
    """One transaction: a killed run leaves no batch that is half made."""
    with (FOLDER / "entities.tsv").open(encoding="utf-8") as lines:
        named = [line.split("\t")[0] for line in lines][1:]
    there = set(Entity.objects.filter(key__in=named).values_list("key", flat=True))
    keys = [key for key in named if key in there]  # the others were erased
    batch = batches.create(by=admin, name=NAME, entities=keys, **RULES)
    judges = User.objects.filter(username__in=JUDGES, is_active=True)
    usernames = [judge.username for judge in judges if judge.is_judge]
    batches.add_judges(batch=batch, usernames=usernames, by=admin)
    batches.open_batch(batch=batch, by=admin)
    queue.count([batch.pk])
    batch.refresh_from_db()
    return batch
