"""The admin site shows every table to admins only, and changes none."""

import pytest
from django.contrib import admin as site
from django.urls import reverse

from annotations.admin import COUNT_LIMIT, LimitedPaginator
from annotations.models import Entity

from .factories import CandidateFactory, EntityFactory


def registered_models():
    return [
        model for model in site.site._registry if model.__module__.startswith("annot")
    ]


def url_of(model, page, *args):
    return reverse(f"admin:annotations_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", registered_models(), ids=lambda model: model.__name__)
def test_a_table_is_listed_without_an_add_page(client, admin, batch, model):
    client.force_login(admin)
    assert client.get(url_of(model, "changelist")).status_code == 200
    assert client.get(url_of(model, "add")).status_code == 403


def test_a_row_is_shown_and_cannot_be_changed(client, admin):
    client.force_login(admin)
    entity = CandidateFactory().entity
    page = client.get(url_of(Entity, "change", entity.pk))
    assert entity.name in page.content.decode()
    response = client.post(url_of(Entity, "change", entity.pk), {"name": "changed"})
    assert response.status_code == 403
    response = client.post(url_of(Entity, "delete", entity.pk), {"post": "yes"})
    assert response.status_code == 403


def test_passwords_are_not_shown(client, admin, judge):
    judge.set_password("a long enough sentence")
    judge.save()
    client.force_login(admin)
    page = client.get(url_of(type(judge), "change", judge.pk)).content.decode()
    assert judge.password not in page


def test_other_users_are_redirected_to_sign_in(client, judge):
    client.force_login(judge)
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_long_table_is_counted_up_to_a_limit(db):
    EntityFactory.create_batch(3)
    pages = LimitedPaginator(Entity.objects.order_by("pk"), 2)
    assert pages.count == 3
    assert "LIMIT" in str(Entity.objects.values_list("pk")[:COUNT_LIMIT].query)
