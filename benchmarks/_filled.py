"""Batches of any size, made by set-based SQL."""

from uuid import uuid4

from django.db import connection

from annotations.batches import open_batch
from annotations.models import Batch, BatchJudge, Role, User

PER_ENTITY = 30


def filled_batch(name: str, candidates: int, per_entity: int = PER_ENTITY) -> Batch:
    """An open batch of fresh entities with 30 ready candidates each, five judges each.

    All entities share the same thirty pictures, which exist as rows only.
    """
    entities = candidates // per_entity
    admin = User.objects.create_user(f"admin-{uuid4().hex[:8]}", roles=[Role.ADMIN])
    batch = Batch.objects.create(
        name=name, created_by=admin, judges_required=5, order="rank"
    )
    prefix = f"b{batch.pk}-"
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotations_image (sha256, byte_size, format, width, height, problem)
            SELECT sha256(n::text::bytea), 1000, 'JPEG', 300, 300, ''
            FROM generate_series(1, %s) n ON CONFLICT DO NOTHING
            """,
            [per_entity],
        )
        cursor.execute(
            """
            INSERT INTO annotations_entity (key, name, description, gender, birth_date,
                professions, countries, url)
            SELECT %s || n, 'Entity ' || n, '', '', '', '{}', '{}', ''
            FROM generate_series(1, %s) n
            """,
            [prefix, entities],
        )
        cursor.execute(
            """
            INSERT INTO annotations_candidate (entity_id, image_id, state, face_id, rank,
                image_url, page_url, query, licence, attribution)
            SELECT e.id, i.id, 'ready', 'FaceId-0', i.n, '', '', '', '', ''
            FROM annotations_entity e,
                 (SELECT id, row_number() OVER () AS n FROM annotations_image
                  WHERE sha256 = ANY (SELECT sha256(n::text::bytea)
                                      FROM generate_series(1, %s) n)) i
            WHERE e.key LIKE %s ORDER BY e.id
            """,
            [per_entity, prefix + "%"],
        )
        cursor.execute(
            """
            INSERT INTO annotations_batchentity (batch_id, entity_id, state, priority,
                upto, total, judged, settled, disputed, undecided, open_places,
                held_places, is_control)
            SELECT %s, id, 'done', -id, 0, 0, 0, 0, 0, 0, 0, 0, false
            FROM annotations_entity WHERE key LIKE %s
            """,
            [batch.pk, prefix + "%"],
        )
        for table in ("entity", "candidate", "batchentity"):
            cursor.execute(f"ANALYZE annotations_{table}")
    return open_batch(batch=batch, by=admin)


def do_alone(batch: Batch, judge: User, share: float) -> None:
    """Let one judge have judged the first share of the queue, by set-based SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT priority, entity_id FROM annotations_batchentity
            WHERE batch_id = %s ORDER BY priority * -1, entity_id
            OFFSET (SELECT floor(count(*) * %s)::int - 1
                    FROM annotations_batchentity WHERE batch_id = %s) LIMIT 1
            """,
            [batch.pk, share, batch.pk],
        )
        priority, entity = cursor.fetchone()
        cursor.execute(
            """
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
            """,
            {
                "batch": batch.pk,
                "judge": judge.pk,
                "priority": priority,
                "entity": entity,
                "place": 3 + (judge.pk % 4),
            },
        )
        cursor.execute("ANALYZE annotations_judgment")
        cursor.execute("ANALYZE annotations_assignment")
    BatchJudge.objects.filter(batch=batch, judge=judge).update(
        cursor_priority=priority, cursor_entity=entity
    )
