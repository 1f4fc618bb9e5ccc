"""Users: creation, changes, and the effects of a deactivation."""

import threading

import pytest
from django.core.management import call_command
from django.db import connection
from knox.models import AuthToken

from annotations import batches, people, queue
from annotations.errors import Invalid, WrongState
from annotations.models import AssignmentState, AuditEntry, Role, User

from .factories import CandidateFactory, EntityFactory, UserFactory

PASSWORD = "a long enough sentence"


def test_a_new_user_can_sign_in_and_is_in_the_audit(admin):
    user = people.create(
        username="new", password=PASSWORD, roles=["judge"], email="", by=admin
    )
    assert user.check_password(PASSWORD)
    assert user.roles == [Role.JUDGE]
    entry = AuditEntry.objects.get(action="user-made")
    assert (entry.by, entry.details["user"]) == (admin, user.pk)


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password12"}, "password"),
        ({"username": "somebody", "password": "somebody12"}, "password"),
        ({"username": "two words"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"roles": ["king"]}, "roles"),
    ],
)
def test_an_invalid_field_is_named(admin, fields, blamed):
    defaults = {"username": "new", "password": PASSWORD, "roles": [], "by": admin}
    with pytest.raises(Invalid) as refusal:
        people.create(**defaults | fields)
    assert set(refusal.value.errors) == {blamed}
    assert User.objects.get() == admin


def test_names_are_unique_ignoring_case(admin):
    with pytest.raises(WrongState):
        people.create(username="ADA", password=PASSWORD, by=admin)


def test_other_fields_stay_the_same(admin, judge):
    judge.set_password(PASSWORD)
    judge.save()
    people.change(user=judge, by=admin, email="jo@example.net")
    judge.refresh_from_db()
    assert (judge.email, judge.is_active, judge.roles) == (
        "jo@example.net",
        True,
        [Role.JUDGE],
    )
    assert judge.check_password(PASSWORD)


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["judge"]}])
def test_the_last_active_admin_cannot_be_removed(admin, change):
    UserFactory(roles=[Role.ADMIN], is_active=False)
    with pytest.raises(WrongState):
        people.change(user=admin, by=admin, **change)
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.is_admin


def test_one_of_two_admins_can_be_removed(admin):
    second_admin = UserFactory(roles=[Role.ADMIN])
    people.change(user=admin, by=second_admin, is_active=False)
    assert not User.objects.get(pk=admin.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_one_admin_remains_when_two_remove_each_other_at_once():
    pair = [UserFactory(roles=[Role.ADMIN]) for _ in range(2)]
    refusals = []

    def remove(user, by):
        try:
            people.change(user=user, by=by, is_active=False)
        except WrongState as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=remove, args=(user, by))
        for user, by in (pair, reversed(pair))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 1
    assert User.objects.filter(is_active=True).count() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": []}])
def test_a_former_judge_s_pages_are_released(admin, judge, change):
    entity = EntityFactory()
    CandidateFactory(entity=entity)
    batch = batches.create(by=admin, name="one", entities=[entity.key])
    batches.add_judges(batch=batch, usernames=[judge.username], by=admin)
    batches.open_batch(batch=batch, by=admin)
    page = queue.lease(judge=judge)
    people.change(user=judge, by=admin, **change)
    page.refresh_from_db()
    assert page.state == AssignmentState.RELEASED


@pytest.mark.parametrize(
    ("change", "left"),
    [({"is_active": False}, 0), ({"password": PASSWORD}, 0), ({"email": ""}, 1)],
)
def test_tokens_end_with_a_deactivation_or_a_new_password(admin, judge, change, left):
    AuthToken.objects.create(judge)
    people.change(user=judge, by=admin, **change)
    assert AuthToken.objects.filter(user=judge).count() == left


def test_make_users_creates_missing_users(db, monkeypatch, capsys):
    monkeypatch.setenv("LABELER_DEMO_PASSWORD", "weak")
    UserFactory(username="judge2", email="kept@example.org")
    call_command("make_users")
    call_command("make_users")
    roles = dict(User.objects.values_list("username", "roles"))
    assert roles == {"admin": ["admin"]} | {f"judge{n}": ["judge"] for n in (1, 2, 3)}
    assert User.objects.get(username="admin").check_password("weak")
    assert User.objects.get(username="judge2").email == "kept@example.org"
    assert "weak" not in capsys.readouterr().out


def test_make_users_shows_the_password_that_it_generates(db, monkeypatch, capsys):
    monkeypatch.delenv("LABELER_DEMO_PASSWORD", raising=False)
    call_command("make_users")
    password = capsys.readouterr().out.split()[-1]
    assert User.objects.get(username="judge3").check_password(password)
