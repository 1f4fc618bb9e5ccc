"""Add triggers: replaced marks become revisions, which no statement can change."""

from django.db import migrations

KEEP_REVISION = """
CREATE OR REPLACE FUNCTION labeler_keep_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('labeler.erasing', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO annotations_judgmentrevision (
            batch_id, candidate_id, judge_id, assignment_id, old_client_id,
            old_verdict, old_place, old_decided_at, old_centiseconds, old_how,
            new_assignment_id, new_client_id, new_verdict, replaced_at)
        VALUES (
            OLD.batch_id, OLD.candidate_id, OLD.judge_id, OLD.assignment_id,
            OLD.client_id, OLD.verdict, OLD.place, OLD.decided_at,
            OLD.centiseconds, OLD.how,
            NEW.assignment_id, NEW.client_id, NEW.verdict, clock_timestamp());
    ELSIF OLD.verdict IS NOT NULL THEN
        INSERT INTO annotations_judgmentrevision (
            batch_id, candidate_id, judge_id, assignment_id, old_client_id,
            old_verdict, old_place, old_decided_at, old_centiseconds, old_how,
            replaced_at)
        VALUES (
            OLD.batch_id, OLD.candidate_id, OLD.judge_id, OLD.assignment_id,
            OLD.client_id, OLD.verdict, OLD.place, OLD.decided_at,
            OLD.centiseconds, OLD.how, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
"""

FORWARD = f"""{KEEP_REVISION}
CREATE TRIGGER keep_revision
AFTER UPDATE OR DELETE ON annotations_judgment
FOR EACH ROW EXECUTE FUNCTION labeler_keep_revision();

CREATE FUNCTION labeler_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('labeler.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER append_only
BEFORE UPDATE OR DELETE ON annotations_judgmentrevision
FOR EACH ROW EXECUTE FUNCTION labeler_append_only();

CREATE FUNCTION labeler_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER append_only
BEFORE UPDATE OR DELETE ON annotations_auditentry
FOR EACH ROW EXECUTE FUNCTION labeler_never();
"""

BACKWARD = """
DROP TRIGGER append_only ON annotations_auditentry;
DROP FUNCTION labeler_never();
DROP TRIGGER append_only ON annotations_judgmentrevision;
DROP FUNCTION labeler_append_only();
DROP TRIGGER keep_revision ON annotations_judgment;
DROP FUNCTION labeler_keep_revision();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
