"""Warnings of imports, and the stated encoding of member names."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("annotations", "0016_remember_who_is_not_blind")]

    operations: ClassVar = [
        migrations.AddField(
            "import", "warnings", models.JSONField(blank=True, default=dict)
        ),
        migrations.AddField(
            "import",
            "names_encoding",
            models.CharField(blank=True, default="", max_length=32),
        ),
    ]
