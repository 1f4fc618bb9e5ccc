"""Batches of any size, filled by set-based SQL."""

from uuid import uuid4

from annotations import sql
from annotations.batches import open_batch
from annotations.models import Batch, BatchJudge, Role, User

PER_ENTITY = 30

IMAGES = """
INSERT INTO annotations_image (sha256, byte_size, format, width, height, problem)
SELECT sha256(n::text::bytea), 1000, 'JPEG', 300, 300, ''
FROM generate_series(1, %(per_entity)s) n ON CONFLICT DO NOTHING
"""
ENTITIES = """
INSERT INTO annotations_entity (key, name, description, gender, birth_date,
    professions, countries, url)
SELECT %(prefix)s || n, 'Entity ' || n, '', '', '', '{}', '{}', ''
FROM generate_series(1, %(entities)s) n
"""
CANDIDATES = """
INSERT INTO annotations_candidate (entity_id, image_id, state, face_id, rank,
    image_url, page_url, query, licence, attribution)
SELECT e.id, i.id, 'ready', 'FaceId-0', i.n, '', '', '', '', ''
FROM annotations_entity e,
     (SELECT id, row_number() OVER () AS n FROM annotations_image
      WHERE sha256 = ANY (SELECT sha256(n::text::bytea)
                          FROM generate_series(1, %(per_entity)s) n)) i
WHERE e.key LIKE %(pattern)s ORDER BY e.id
"""
QUEUE = """
INSERT INTO annotations_batchentity (batch_id, entity_id, state, priority,
    upto, total, judged, disputed, undecided, open_places,
    held_places, is_control)
SELECT %(batch)s, id, 'done', -id, 0, 0, 0, 0, 0, 0, 0, false
FROM annotations_entity WHERE key LIKE %(pattern)s
"""
# The queue row at the end of the first share.
LAST_ROW = """
SELECT priority, entity_id AS entity FROM annotations_batchentity
WHERE batch_id = %(batch)s ORDER BY priority * -1, entity_id
OFFSET (SELECT floor(count(*) * %(share)s)::int - 1
        FROM annotations_batchentity WHERE batch_id = %(batch)s) LIMIT 1
"""
JUDGMENTS = """
WITH pages AS (
    INSERT INTO annotations_assignment (batch_id, entity_id, judge_id,
        candidates, places, state, leased_at, expires_at, ended_at)
    SELECT q.batch_id, q.entity_id, %(judge)s,
           (SELECT array_agg(c.id) FROM annotations_candidate c
            WHERE c.entity_id = q.entity_id),
           array_fill(3::smallint, ARRAY[q.total]), 'submitted',
           now(), now(), now()
    FROM annotations_batchentity q
    WHERE q.batch_id = %(batch)s AND (q.priority * -1, q.entity_id)
          <= (%(priority)s * -1, %(entity)s)
    RETURNING id, batch_id, judge_id, candidates)
INSERT INTO annotations_judgment (batch_id, candidate_id, judge_id,
    assignment_id, place, verdict, blind_verdict, how, reason,
    centiseconds, decided_at, received_at, client_id)
SELECT p.batch_id, c, p.judge_id, p.id,
       %(place)s, 'yes', 'yes', 'key', '', 100, now(), now(),
       gen_random_uuid()
FROM pages p, unnest(p.candidates) AS c
"""


def filled_batch(name: str, candidates: int, per_entity: int = PER_ENTITY) -> Batch:
    """Return an open batch of new entities with ready candidates, five judges each.

    All entities share the same pictures, which exist as rows only.
    """
    admin = User.objects.create_user(f"admin-{uuid4().hex[:8]}", roles=[Role.ADMIN])
    batch = Batch.objects.create(
        name=name, created_by=admin, judges_required=5, order="rank"
    )
    prefix = f"b{batch.pk}-"
    parameters = {
        "batch": batch.pk,
        "per_entity": per_entity,
        "entities": candidates // per_entity,
        "prefix": prefix,
        "pattern": f"{prefix}%",
    }
    for statement in (IMAGES, ENTITIES, CANDIDATES, QUEUE):
        sql.run(statement, parameters)
    for table in ("entity", "candidate", "batchentity"):
        sql.run(f"ANALYZE annotations_{table}")
    return open_batch(batch=batch, by=admin)


def do_alone(batch: Batch, judge: User, share: float) -> None:
    """Store judgments of one judge on the first share of the queue."""
    row = sql.one(LAST_ROW, {"batch": batch.pk, "share": share})
    parameters = {
        "batch": batch.pk,
        "judge": judge.pk,
        "priority": row.priority,
        "entity": row.entity,
        "place": 3 + (judge.pk % 4),
    }
    sql.run(JUDGMENTS, parameters)
    sql.run("ANALYZE annotations_judgment")
    sql.run("ANALYZE annotations_assignment")
    BatchJudge.objects.filter(batch=batch, judge=judge).update(
        cursor_priority=row.priority, cursor_entity=row.entity
    )
