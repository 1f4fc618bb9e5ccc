"""Batches of any size, made by set-based SQL."""

from uuid import uuid4

from django.db import connection

from annotations.models import Batch, Role, User
from annotations.queue import open_batch

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
                held_places)
            SELECT %s, id, 'done', -id, 0, 0, 0, 0, 0, 0, 0, 0
            FROM annotations_entity WHERE key LIKE %s
            """,
            [batch.pk, prefix + "%"],
        )
        for table in ("entity", "candidate", "batchentity"):
            cursor.execute(f"ANALYZE annotations_{table}")
    return open_batch(batch=batch, by=admin)
