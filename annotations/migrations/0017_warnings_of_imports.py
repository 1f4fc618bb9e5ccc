"""Warnings of imports."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("annotations", "0016_remember_who_is_not_blind")]

    operations: ClassVar = [
        migrations.AddField(
            "import", "warnings", models.JSONField(blank=True, default=dict)
        ),
    ]
