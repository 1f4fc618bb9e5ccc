"""Replace the triggers of 0002, 0006 and 0009 with those that the models declare."""

import importlib

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

history = importlib.import_module("annotations.migrations.0002_append_only_history")
voidings = importlib.import_module(
    "annotations.migrations.0006_revisions_name_their_voiding"
)
releases = importlib.import_module("annotations.migrations.0009_releases_never_change")


class Migration(migrations.Migration):
    dependencies = [("annotations", "0012_release_rounds_in_columns")]

    operations = [
        migrations.RunSQL(
            [releases.BACKWARD, history.BACKWARD],
            [history.FORWARD, voidings.FORWARD, releases.FORWARD],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditentry',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME\n        USING ERRCODE = 'integrity_constraint_violation';\n", hash='cd70018a7d00312ce449e402ff7cae6b02308e68', ignore_func_name='_pgtrigger_should_ignore', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_76988', table='annotations_auditentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='judgment',
            trigger=pgtrigger.compiler.Trigger(name='keep_revision', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF current_setting('labeler.erasing', true) = 'on' THEN\n        RETURN NULL;\n    END IF;\n    IF TG_OP = 'UPDATE' THEN\n        INSERT INTO annotations_judgmentrevision (\n            batch_id, candidate_id, judge_id, assignment_id, old_client_id,\n            old_verdict, old_place, old_decided_at, old_centiseconds, old_how,\n            new_assignment_id, new_client_id, new_verdict, replaced_at)\n        VALUES (\n            OLD.batch_id, OLD.candidate_id, OLD.judge_id, OLD.assignment_id,\n            OLD.client_id, OLD.verdict, OLD.place, OLD.decided_at,\n            OLD.centiseconds, OLD.how,\n            NEW.assignment_id, NEW.client_id, NEW.verdict, clock_timestamp());\n    ELSIF OLD.verdict IS NOT NULL THEN\n        INSERT INTO annotations_judgmentrevision (\n            batch_id, candidate_id, judge_id, assignment_id, old_client_id,\n            old_verdict, old_place, old_decided_at, old_centiseconds, old_how,\n            replaced_at, voiding_id)\n        VALUES (\n            OLD.batch_id, OLD.candidate_id, OLD.judge_id, OLD.assignment_id,\n            OLD.client_id, OLD.verdict, OLD.place, OLD.decided_at,\n            OLD.centiseconds, OLD.how, clock_timestamp(),\n            nullif(current_setting('labeler.voiding', true), '')::bigint);\n    END IF;\n    RETURN NULL;\n", hash='009e01f3aa13ee64cc23339f6b72496467746035', ignore_func_name='_pgtrigger_should_ignore', operation='UPDATE OR DELETE', pgid='pgtrigger_keep_revision_22edc', table='annotations_judgment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='judgmentrevision',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF TG_OP = 'DELETE' AND current_setting('labeler.erasing', true) = 'on' THEN\n        RETURN OLD;\n    END IF;\n    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME\n        USING ERRCODE = 'integrity_constraint_violation';\n", hash='82b334d41070ee8434c4349a91ae7748a6ce3d70', ignore_func_name='_pgtrigger_should_ignore', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_82a10', table='annotations_judgmentrevision', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='release',
            trigger=pgtrigger.compiler.Trigger(name='keep_release', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF OLD.state <> 'done' THEN\n        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n        RETURN NEW;\n    END IF;\n    IF TG_OP = 'UPDATE' AND current_setting('labeler.erasing', true) = 'on'\n        AND to_jsonb(NEW) - 'files' - 'counts' = to_jsonb(OLD) - 'files' - 'counts' THEN\n        RETURN NEW;\n    END IF;\n    RAISE EXCEPTION 'a release that is done is never changed'\n        USING ERRCODE = 'integrity_constraint_violation';\n", hash='2802665e35966bc9f18393911b5700e84e991be7', ignore_func_name='_pgtrigger_should_ignore', operation='UPDATE OR DELETE', pgid='pgtrigger_keep_release_8ef80', table='annotations_release', when='BEFORE')),
        ),
    ]
