"""Store all versions of a batch's guidelines in one table, the current one included."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

# A version was written when, and by the user by whom, its predecessor was replaced.
# Deferred foreign keys are checked at once, so that the tables can be altered next.
TO_VERSIONS = """
WITH texts AS (
    SELECT batch_id, version, text FROM annotations_formerguidelines
    UNION ALL
    SELECT id, guidelines_version, guidelines FROM annotations_batch
)
INSERT INTO annotations_guidelinesversion
    (batch_id, version, text, created_by_id, created_at)
SELECT t.batch_id, t.version, t.text,
       coalesce(p.replaced_by_id, b.created_by_id),
       coalesce(p.replaced_at, b.created_at)
FROM texts t
JOIN annotations_batch b ON b.id = t.batch_id
LEFT JOIN annotations_formerguidelines p
  ON p.batch_id = t.batch_id AND p.version = t.version - 1
ORDER BY t.batch_id, t.version;
UPDATE annotations_batch b SET current_guidelines_id = v.id
FROM annotations_guidelinesversion v
WHERE v.batch_id = b.id AND v.version = b.guidelines_version;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
TO_FORMER = """
INSERT INTO annotations_formerguidelines
    (batch_id, version, text, replaced_by_id, replaced_at)
SELECT v.batch_id, v.version, v.text, n.created_by_id, n.created_at
FROM annotations_guidelinesversion v
JOIN annotations_guidelinesversion n
  ON n.batch_id = v.batch_id AND n.version = v.version + 1
ORDER BY v.batch_id, v.version;
UPDATE annotations_batch b SET guidelines = v.text, guidelines_version = v.version
FROM annotations_guidelinesversion v WHERE v.id = b.current_guidelines_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


def user(**options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [("annotations", "0013_declared_triggers")]

    operations = [
        migrations.CreateModel(
            "GuidelinesVersion",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                (
                    "text",
                    models.TextField(
                        blank=True,
                        validators=[django.core.validators.MaxLengthValidator(20_000)],
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="guidelines_versions",
                        to="annotations.batch",
                    ),
                ),
                ("created_by", user()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["batch", "version"], name="one_text_per_batch_version"
                    )
                ]
            },
        ),
        migrations.AddField(
            "batch",
            "current_guidelines",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="annotations.guidelinesversion",
            ),
        ),
        migrations.RunSQL(TO_VERSIONS, TO_FORMER),
        migrations.RemoveField("batch", "guidelines"),
        migrations.RemoveField("batch", "guidelines_version"),
        migrations.DeleteModel("FormerGuidelines"),
    ]
