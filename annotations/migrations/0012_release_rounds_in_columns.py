"""Move the round and the attempts of a release from its JSON into columns."""

from django.db import migrations, models

# Done releases name neither, and a trigger keeps their rows from changing.
TO_COLUMNS = """
UPDATE annotations_release
SET round = files->>'round', attempts = coalesce((files->>'begun')::smallint, 0),
    files = files - 'round' - 'begun'
WHERE state <> 'done' AND files ? 'round'
"""
TO_JSON = """
UPDATE annotations_release
SET files = files || jsonb_build_object('round', round)
    || CASE WHEN attempts > 0 THEN jsonb_build_object('begun', attempts)
            ELSE '{}' END
WHERE state <> 'done' AND round <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0011_drop_settled_counter")]

    operations = [
        migrations.AddField(
            "release", "round", models.CharField(blank=True, default="", max_length=16)
        ),
        migrations.AddField(
            "release", "attempts", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.RunSQL(TO_COLUMNS, TO_JSON),
    ]
