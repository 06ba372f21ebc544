"""Signing in, and the lock after failures."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.access.tokens import create_token, find_token
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


def sign_in(client, password, address="192.0.2.1", login="lina"):
    data = {"login": login, "password": password}
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
def test_failures_by_name_and_by_mail_count_together(client, person):
    for login in ("lina", "lina@example.com", "LINA", "Lina@Example.com", "lina"):
        sign_in(client, "wrong", login=login)

    for login in ("lina", "lina@example.com"):
        assert sign_in(client, PASSWORD, login=login).status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.req("ORG-06", "API-02")
def test_tokens_outlive_a_new_password_and_it_is_said(client, person):
    token, text = create_token(user=person, name="monitoring")
    client.force_login(person)
    new = "staple battery horse 7"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}

    answer = client.post(reverse("account_change_password"), typed)

    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert answer.status_code == 302
    assert any("API" in text and "1" in text for text in said), said
    assert find_token(text) == token


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


@pytest.mark.req("ORG-06")
def test_a_sign_in_page_that_was_open_for_too_long_asks_once_more_and_goes_where_it_would(person):
    browser = Client(enforce_csrf_checks=True)
    typed = {"login": "lina", "password": PASSWORD, "next": "/changes/?view=mine"}

    answer = browser.post(reverse("account_login"), typed | {"csrfmiddlewaretoken": "a" * 32})
    page = browser.get(answer["Location"])
    typed["csrfmiddlewaretoken"] = page.context["csrf_token"]

    assert "登录页面打开太久" in page.text
    assert browser.post(reverse("account_login"), typed)["Location"] == "/changes/?view=mine"


@pytest.mark.req("ORG-06")
def test_a_form_that_expired_elsewhere_is_refused(person):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    answer = browser.post(reverse("accounts:language"), {"language": "en"})
    assert answer.status_code == 403
    assert "表单已过期" in answer.text


@pytest.mark.req("ORG-06")
def test_what_asks_in_the_background_after_the_session_does_not_replace_the_token_of_the_form(client, db):
    asked = client.get(reverse("account_login"), headers={"Sec-Fetch-Mode": "cors"})
    assert (asked.status_code, asked.content, dict(asked.cookies)) == (403, b"", {})
    shown = client.get(reverse("account_login"), headers={"Sec-Fetch-Mode": "navigate"})
    assert (shown.status_code, "csrftoken" in str(shown.cookies)) == (200, True)
