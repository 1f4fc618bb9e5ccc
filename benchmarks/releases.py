"""A release of drawn pictures, as large as the paper's measurement set."""

import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from django.db.models.functions import Now

from annotations import images, releases, scoring, sql
from annotations.models import Batch, Role, Scorer, User

ENTITIES = int(os.environ.get("BENCH_RELEASE_ENTITIES", "1500"))
PER_ENTITY = 30
PICTURES = 3000  # drawn ones, shared by the entities
DISTRACTORS = 400

FILL = """
INSERT INTO annotations_entity (id, key, name, description, gender, birth_date,
                                professions, countries, url)
SELECT %(first)s + n, 'bench.release.' || n, 'Person ' || n, '', '', '', '{}', '{}', ''
FROM generate_series(1, %(entities)s) n;

INSERT INTO annotations_candidate (id, entity_id, image_id, state, face_id, rank,
    image_url, page_url, query, licence, attribution)
SELECT %(first)s + n, %(first)s + 1 + (n - 1) / %(each)s,
       (%(images)s::bigint[])[1 + (n * 7) %% %(pictures)s], 'ready', 'FaceId-' || n,
       (n - 1) %% %(each)s, 'https://pictures.example/' || n || '.jpg',
       'https://pages.example/' || n, '', '', ''
FROM generate_series(1, %(rows)s) n;

INSERT INTO annotations_batchentity (batch_id, entity_id, state, priority, upto, total,
    judged, disputed, undecided, open_places, held_places, is_control)
SELECT %(batch)s, %(first)s + n, 'done', 0, %(first)s + %(rows)s, 0, 0, 0, 0, 0, 0,
       false
FROM generate_series(1, %(entities)s) n;

INSERT INTO annotations_assignment (id, batch_id, entity_id, judge_id, candidates,
    places, state, leased_at, expires_at)
SELECT %(first)s + %(entities)s * (j - 1) + n, %(batch)s, %(first)s + n,
       (%(judges)s::bigint[])[j], '{}', '{}', 'submitted', now(), now()
FROM generate_series(1, %(entities)s) n, generate_series(1, 2) j;

INSERT INTO annotations_judgment (batch_id, candidate_id, judge_id, assignment_id,
    place, verdict, blind_verdict, how, reason, centiseconds, decided_at, received_at,
    client_id)
SELECT %(batch)s, %(first)s + n, (%(judges)s::bigint[])[j],
       %(first)s + %(entities)s * (j - 1) + 1 + (n - 1) / %(each)s, j,
       CASE WHEN ((n * 7) %% %(pictures)s) %% 6 = 0 THEN 'no' ELSE 'yes' END,
       CASE WHEN ((n * 7) %% %(pictures)s) %% 6 = 0 THEN 'no' ELSE 'yes' END,
       'key', '', 250, now(), now(), gen_random_uuid()
FROM generate_series(1, %(rows)s) n, generate_series(1, 2) j;
"""
EMBED = """
INSERT INTO annotations_embedding (scorer_id, candidate_id, vectors, boxes)
SELECT %s, t.c, t.v, t.b
FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS t (c, v, b)
"""
FIRST = 5_000_000
DEMO = Path(__file__).parent.parent / "labeler" / "demo" / "pictures"
PORTRAITS = sorted(DEMO.rglob("*.webp"))


def measurement() -> list[dict[str, Any]]:
    """Time a release from request to description, and measure its size."""
    batch = _fill()
    start = time.monotonic()
    release = releases.request(
        name="bench",
        batches=[batch.pk],
        dev_entities=ENTITIES // 3,
        distractors=DISTRACTORS if ENTITIES >= 1500 else 0,
        seed=1,
        by=batch.created_by,
    )
    request_seconds = time.monotonic() - start
    while release.state in ("pending", "running"):
        releases.make(release.pk)
        release.refresh_from_db()
    seconds = time.monotonic() - start
    assert release.state == "done", release.problem
    size = sum(entry["bytes"] for entry in release.files.values())
    name = f"release of {ENTITIES:,} entities x {PER_ENTITY} candidates"
    return [
        {"name": name, "value": seconds, "unit": "s", "goal": "<= 60 s"},
        {"name": f"{name}: request", "value": request_seconds, "unit": "s"},
        {"name": f"{name}: its files", "value": size / 1e6, "unit": "MB"},
    ]


def _fill() -> Batch:
    admin = User.objects.create_user("bench-admin", roles=[Role.ADMIN])
    judges = [User.objects.create_user(f"bench-judge-{n}") for n in range(2)]
    batch = Batch.objects.create(
        name="bench", created_by=admin, judges_required=2, opened_at="2024-01-01T00:00Z"
    )
    pictures = images.store_many([_picture(n) for n in range(PICTURES)])
    rows = ENTITIES * PER_ENTITY
    parameters: dict[str, Any] = {
        "first": FIRST,
        "entities": ENTITIES,
        "each": PER_ENTITY,
        "rows": rows,
        "images": [picture.image_id for picture in pictures],
        "pictures": PICTURES,
        "batch": batch.pk,
        "judges": [judge.pk for judge in judges],
    }
    sql.run(FILL, parameters)
    sql.run(EMBED, _vectors(rows))
    sql.run("ANALYZE")
    return batch


def _vectors(rows: int) -> list[Any]:
    [scorer] = [row for row in scoring.register() if row.name == "faces"]
    # No worker may score during the measurement.
    Scorer.objects.update(paused_at=Now())
    generator = np.random.default_rng(1)
    vectors = generator.normal(size=(rows, 128)).astype("<f4")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    box = np.asarray([0.2, 0.2, 0.8, 0.8, 1, 150], "<f4").tobytes()
    candidates = [FIRST + n for n in range(1, rows + 1)]
    return [scorer.pk, candidates, [v.tobytes() for v in vectors], [box] * rows]


def _picture(number: int) -> bytes:
    """Return a portrait in the size of the released thumbnails, different for each number."""
    path = PORTRAITS[number % len(PORTRAITS)]
    with PIL.Image.open(path) as picture:
        small = picture.convert("RGB").resize((300, 300))
    small.putpixel((0, 0), (number % 256, number // 256, 0))
    file = io.BytesIO()
    small.save(file, "PNG" if number % 10 == 0 else "JPEG", quality=60 + number % 37)
    return file.getvalue()
