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


# That a judge has seen the votes is no mark.
MARK = (
    "assignment_id, place, verdict, blind_verdict, how, reason, centiseconds, "
    "decided_at, received_at, client_id"
)
TRIGGER = """
DROP TRIGGER keep_revision ON annotations_judgment;
CREATE TRIGGER keep_revision
AFTER UPDATE{columns} OR DELETE ON annotations_judgment
FOR EACH ROW EXECUTE FUNCTION labeler_keep_revision();
"""

FUNCTION = function(before.FORWARD)
BACKWARD = FUNCTION + TRIGGER.format(columns="")
FORWARD = FUNCTION.replace(
    COLUMNS, "old_how,\n            replaced_at, voiding_id)"
).replace(
    VALUES,
    "OLD.centiseconds, OLD.how, clock_timestamp(),\n"
    "            nullif(current_setting('labeler.voiding', true), '')::bigint);",
) + TRIGGER.format(columns=f" OF {MARK}")
assert FORWARD.count("voiding_id") == FORWARD.count("labeler.voiding") == 1


class Migration(migrations.Migration):
    dependencies = [("annotations", "0005_rules_people_and_conflicts")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
