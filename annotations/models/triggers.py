"""Database triggers: history that no statement can change.

The models name these triggers in `Meta.triggers`. `makemigrations` turns a changed text
into a migration. Two transaction-local settings steer them: `labeler.erasing` is 'on'
while an erasure deletes rows or rewrites releases, and `labeler.voiding` holds the id
of the voiding that takes judgments out.
"""

import pgtrigger

UPDATE_OR_DELETE = pgtrigger.Update | pgtrigger.Delete

# On Judgment: store the mark that an UPDATE replaces or a DELETE takes back.
KEEP_REVISION = pgtrigger.Trigger(
    name="keep_revision",
    when=pgtrigger.After,
    operation=UPDATE_OR_DELETE,
    func="""
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
""",
)

# On JudgmentRevision: refuse every change, except the deletes of an erasure.
APPEND_ONLY_UNLESS_ERASING = pgtrigger.Trigger(
    name="append_only",
    when=pgtrigger.Before,
    operation=UPDATE_OR_DELETE,
    func="""
    IF TG_OP = 'DELETE' AND current_setting('labeler.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
""",
)

# On AuditEntry: refuse every change, also during an erasure.
APPEND_ONLY = pgtrigger.Trigger(
    name="append_only",
    when=pgtrigger.Before,
    operation=UPDATE_OR_DELETE,
    func="""
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
""",
)

# On Release: refuse every change of a done row. An erasure can rewrite files and counts.
KEEP_RELEASE = pgtrigger.Trigger(
    name="keep_release",
    when=pgtrigger.Before,
    operation=UPDATE_OR_DELETE,
    func="""
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
""",
)

# On User: keep the last candidate on which a former adjudicator or admin can have seen
# votes. A stale copy of the row does not lower it.
REMEMBER_ROLES = pgtrigger.Trigger(
    name="remember_roles",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="""
    NEW.unblinded_upto := greatest(NEW.unblinded_upto, OLD.unblinded_upto);
    IF OLD.roles && ARRAY['adjudicator', 'admin']::varchar[]
        AND NOT NEW.roles && ARRAY['adjudicator', 'admin']::varchar[] THEN
        NEW.unblinded_upto := greatest(
            NEW.unblinded_upto, (SELECT max(id) FROM annotations_candidate));
    END IF;
    RETURN NEW;
""",
)
