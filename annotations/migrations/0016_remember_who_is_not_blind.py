"""Remember who has seen votes: judges by candidate, former adjudicators and admins.

Former roles are not on record, so their acts stand for them.
"""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


REMEMBER_SECOND_LOOKS = """
INSERT INTO annotations_unblinding (candidate_id, judge_id)
SELECT DISTINCT candidate_id, judge_id FROM annotations_secondlook
"""
REMEMBER_FORMER_ROLES = """
UPDATE annotations_user
SET unblinded_upto = coalesce((SELECT max(id) FROM annotations_candidate), 0)
WHERE NOT roles && ARRAY['adjudicator', 'admin']::varchar[] AND id IN (
    SELECT by_id FROM annotations_ruling
    UNION ALL SELECT reopened_by_id FROM annotations_ruling
    UNION ALL SELECT by_id FROM annotations_comment
    UNION ALL SELECT asked_by_id FROM annotations_secondlook
    UNION ALL SELECT dismissed_by_id FROM annotations_report
    UNION ALL SELECT by_id FROM annotations_voiding
    UNION ALL SELECT by_id FROM annotations_invitation
    UNION ALL SELECT created_by_id FROM annotations_batch)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0015_validators_of_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="Unblinding",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "candidate",
                        "judge",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="annotations.candidate",
                    ),
                ),
                (
                    "judge",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="unblinded_upto",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="remember_roles",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    NEW.unblinded_upto := greatest(NEW.unblinded_upto, OLD.unblinded_upto);\n    IF OLD.roles && ARRAY['adjudicator', 'admin']::varchar[]\n        AND NOT NEW.roles && ARRAY['adjudicator', 'admin']::varchar[] THEN\n        NEW.unblinded_upto := greatest(\n            NEW.unblinded_upto, (SELECT max(id) FROM annotations_candidate));\n    END IF;\n    RETURN NEW;\n",
                    hash="062d1c364370f050e4630634101345c6ba98e481",
                    ignore_func_name="_pgtrigger_should_ignore",
                    operation="UPDATE",
                    pgid="pgtrigger_remember_roles_cf8fb",
                    table="annotations_user",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(REMEMBER_SECOND_LOOKS, migrations.RunSQL.noop),
        migrations.RunSQL(REMEMBER_FORMER_ROLES, migrations.RunSQL.noop),
    ]
