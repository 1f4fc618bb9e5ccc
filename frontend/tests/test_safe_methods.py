"""GET and HEAD change nothing that another person or a later verdict can notice.

Every address of the API and of the pages is called as each kind of person, found from
the URL patterns as in `test_blindness`. Then all tables are as before.
"""

import json

import pytest
from django.test import Client
from django.urls import reverse

from annotations import adjudication, queue, sql
from annotations.models import Candidate, Conflict, SecondLook

from .test_blindness import World, addresses

pytestmark = pytest.mark.django_db(transaction=True)

# The figures that an admin asks for are computed then, from judgments that stay.
COMPUTED = "annotations_agreementreport"
TABLES = """
SELECT tablename FROM pg_tables
WHERE schemaname = current_schema() AND tablename LIKE 'annotations\\_%%'
  AND tablename <> %s ORDER BY tablename
"""


@pytest.fixture
def world():
    """Return a batch with conflicts, a second look, and pages for one more judge."""
    verdicts = [dict.fromkeys(range(1, 9), verdict) for verdict in ("yes", "no")]
    world = World({"judges_required": 2, "judges_maximum": 3}, verdicts)
    candidate = Candidate.objects.order_by("pk")[0].pk
    adjudication.request_second_looks(
        batch=world.batch, candidate=candidate, by=world.admin
    )
    return world


def rows():
    """Return every row of every table as JSON."""
    return {
        table: sorted(
            json.dumps(row, sort_keys=True)
            for row in sql.column(f"SELECT to_jsonb(t) - 'last_login' FROM {table} t")
        )
        for table in sql.column(TABLES, [COMPUTED])
    }


@pytest.mark.parametrize("method", ["get", "head"])
def test_no_address_changes_a_table(world, method):
    before = rows()
    statuses = set()
    for person in (world.judge, world.others[0], world.admin):
        client = Client()
        client.force_login(person)
        for name, address in addresses(world):
            if name == "sign-out":
                continue
            response = getattr(client, method)(address)
            statuses.add(response.status_code)
            response.close()
        assert rows() == before, f"after {method} of every address by {person}"
    assert {200, 404} <= statuses


def test_what_safe_methods_leave_a_post_does(world):
    client = Client()
    client.force_login(world.judge)
    client.post(reverse("grid", args=[world.batch.pk]))
    assert len(queue.held_pages(world.judge)) == 1
    client.force_login(world.admin)
    client.post(reverse("next-conflict", args=[world.batch.pk]))
    held = Conflict.objects.get(held_by=world.admin)
    Conflict.objects.update(held_by=None, held_until=None)
    client.post(reverse("hold-conflict", args=[world.batch.pk, held.candidate_id]))
    assert Conflict.objects.get(held_by=world.admin) == held
    client.force_login(world.others[0])
    [look] = adjudication.open_second_looks(world.others[0])
    client.post(reverse("see-votes", args=[look.pk]))
    assert SecondLook.objects.get(seen_at__isnull=False) == look
