"""A trigger: a release that is done is never changed, but by erasure."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION labeler_keep_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'done' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('labeler.erasing', true) = 'on'
        AND to_jsonb(NEW) - 'files' - 'counts' = to_jsonb(OLD) - 'files' - 'counts' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a release that is done is never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER keep_release
BEFORE UPDATE OR DELETE ON annotations_release
FOR EACH ROW EXECUTE FUNCTION labeler_keep_release();
"""

BACKWARD = """
DROP TRIGGER keep_release ON annotations_release;
DROP FUNCTION labeler_keep_release();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0008_releases_evaluations_and_comparisons")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
