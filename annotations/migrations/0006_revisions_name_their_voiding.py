"""Store the id of the voiding with the revisions that it causes."""

import importlib

from django.db import migrations

history = importlib.import_module("annotations.migrations.0002_append_only_history")

FORWARD = """
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
            replaced_at, voiding_id)
        VALUES (
            OLD.batch_id, OLD.candidate_id, OLD.judge_id, OLD.assignment_id,
            OLD.client_id, OLD.verdict, OLD.place, OLD.decided_at,
            OLD.centiseconds, OLD.how, clock_timestamp(),
            nullif(current_setting('labeler.voiding', true), '')::bigint);
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0005_rules_people_and_conflicts")]

    operations = [migrations.RunSQL(FORWARD, history.KEEP_REVISION)]
