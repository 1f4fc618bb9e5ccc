"""What a voiding takes out is kept under its number."""

import importlib

from django.db import migrations

before = importlib.import_module("annotations.migrations.0002_append_only_history")

COLUMNS = "old_how,\n            replaced_at)"
VALUES = "OLD.centiseconds, OLD.how, clock_timestamp());"


def function(sql: str) -> str:
    """The trigger's function alone, to be put in place of the one that is there."""
    start = sql.index("CREATE FUNCTION labeler_keep_revision()")
    end = sql.index("CREATE TRIGGER keep_revision")
    return sql[start:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


BACKWARD = function(before.FORWARD)
FORWARD = BACKWARD.replace(
    COLUMNS, "old_how,\n            replaced_at, voiding_id)"
).replace(
    VALUES,
    "OLD.centiseconds, OLD.how, clock_timestamp(),\n"
    "            nullif(current_setting('labeler.voiding', true), '')::bigint);",
)
assert FORWARD.count("voiding_id") == FORWARD.count("labeler.voiding") == 1


class Migration(migrations.Migration):
    dependencies = [("annotations", "0005_rules_people_and_conflicts")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
