"""Signing in, and the lock after failures."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse

from tests.factories import make_user

PASSWORD = "correct horse battery"


@pytest.fixture
def person(db):
    cache.clear()
    user = make_user("lina", "desk_agent")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    yield user
    cache.clear()


def sign_in(client, password, address="192.0.2.1"):
    data = {"login": "lina", "password": password}
    return client.post(reverse("account_login"), data, REMOTE_ADDR=address)


@pytest.mark.req("ORG-06")
def test_sign_in_with_the_right_password_opens_a_session(client, person):
    answer = sign_in(client, PASSWORD)
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.req("ORG-06")
def test_five_failures_lock_the_account_for_that_address_only(client, person):
    for _ in range(5):
        assert "_auth_user_id" not in client.session
        sign_in(client, "wrong")
    assert sign_in(client, PASSWORD).status_code == 200
    assert "_auth_user_id" not in client.session

    assert sign_in(client, PASSWORD, address="192.0.2.2").status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.req("ORG-06")
def test_an_unknown_name_and_a_wrong_password_are_answered_alike(client, person):
    wrong = sign_in(client, "wrong").context["form"].non_field_errors()
    unknown = client.post(reverse("account_login"), {"login": "nobody", "password": "wrong"})
    assert unknown.context["form"].non_field_errors() == wrong


@pytest.mark.req("ORG-06")
def test_nobody_signs_up(client, db):
    answer = client.post(reverse("account_signup"), {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
