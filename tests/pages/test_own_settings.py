"""The signed-in person's own pages: language, theme, profile, tokens; and the sign-in page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.access.tokens import create_token
from accounts.models import ApiToken, User
from tests.factories import World, make_user

pytestmark = pytest.mark.django_db

Browse = Callable[[User | None], Client]


@pytest.mark.req("UX-01")
def test_switching_the_language_comes_back_to_the_same_page(world: World, browse: Browse) -> None:
    client = browse(world.desk)
    assert 'lang="en"' in client.get("/queue/").content.decode()
    answer = client.post("/me/language/", {"language": "zh-hans", "next": "/queue/?view=mine"})
    assert answer.headers["Location"] == "/queue/?view=mine"
    page = client.get("/queue/")
    assert '<html lang="zh-hans"' in page.content.decode()
    assert "工作台" in page.content.decode()
    assert page.headers["Content-Language"] == "zh-hans"
    assert User.objects.get(pk=world.desk.pk).language == "zh-hans"


@pytest.mark.req("UX-01")
def test_visitors_choose_a_language_too(browse: Browse) -> None:
    client = browse(None)
    client.post("/me/language/", {"language": "zh-hans", "next": "/accounts/login/"})
    assert '<html lang="zh-hans"' in client.get("/accounts/login/").content.decode()


@pytest.mark.req("UX-01")
@pytest.mark.parametrize("url", ["/me/language/", "/me/theme/"])
def test_switches_never_lead_to_another_site(world: World, browse: Browse, url: str) -> None:
    data = {"language": "en", "theme": "dark", "next": "https://elsewhere.example/"}
    assert browse(world.desk).post(url, data).headers["Location"] == "/"


@pytest.mark.req("UX-02")
@pytest.mark.parametrize(("theme", "drawn"), [("dark", True), ("light", True), ("auto", False), ("pink", False)])
def test_switching_the_theme(world: World, browse: Browse, theme: str, drawn: bool) -> None:
    client = browse(world.desk)
    client.post("/me/theme/", {"theme": theme, "next": "/queue/"})
    assert (f'data-bs-theme="{theme}"' in client.get("/queue/").content.decode()) is drawn
    assert User.objects.get(pk=world.desk.pk).theme == (theme if theme != "pink" else "auto")


@pytest.mark.req("ORG-01")
def test_a_refused_profile_keeps_what_was_typed(world: World, browse: Browse) -> None:
    data = {"phone": "12", "mobile": "", "email": "no address", "language": "en", "time_zone": "", "theme": "auto"}
    answer = browse(world.requester).post("/me/", data)
    assert answer.status_code == 422
    assert 'value="no address"' in answer.content.decode()
    assert User.objects.get(pk=world.requester.pk).phone == "000-0000-1001"


@pytest.mark.req("UX-01")
def test_times_are_written_in_the_persons_zone(world: World, browse: Browse) -> None:
    data = {"phone": "", "mobile": "", "email": "", "language": "en", "time_zone": "America/New_York", "theme": "auto"}
    client = browse(world.admin)
    assert client.post("/me/", data).status_code == 302
    create_token(user=world.admin, name="one", scopes=["tickets:read"], lifetime=timedelta(days=1))
    assert re.search(r"\d\d:\d\d:\d\d GMT-0[45]:00", client.get("/me/tokens/").content.decode())


@pytest.mark.req("API-02")
def test_a_new_token_is_shown_once(world: World, browse: Browse) -> None:
    client = browse(world.admin)
    page = client.post("/me/tokens/", {"name": "monitoring", "scopes": ["tickets:read"], "days": "30"})
    shown = re.search(r'<code class="token">([^<]+)</code>', page.content.decode())
    assert shown is not None
    later = client.get("/me/tokens/").content.decode()
    assert "monitoring" in later
    assert shown[1] not in later
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.req("API-02")
def test_only_own_tokens_can_be_revoked(world: World, browse: Browse) -> None:
    token, _text = create_token(user=world.admin, name="one", scopes=["tickets:read"], lifetime=timedelta(days=1))
    url = f"/me/tokens/{token.pk}/revoke/"
    assert browse(world.desk).post(url).status_code == 404
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None
    assert browse(world.admin).post(url).status_code == 302
    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None


@pytest.mark.req("ORG-01")
@pytest.mark.parametrize("demo", [True, False])
def test_the_sign_in_page_shows_accounts_in_a_demo_only(
    world: World, browse: Browse, settings: Any, demo: bool
) -> None:
    settings.DEMO = demo
    page = browse(None).get("/accounts/login/").content.decode()
    assert ('name="login" value="desk"' in page) is demo
    assert ('value="demo"' in page) is demo


@pytest.mark.req("ORG-01")
def test_a_wrong_password_keeps_the_name(db: None, browse: Browse) -> None:
    make_user("somebody", password="right and long")
    answer = browse(None).post("/accounts/login/", {"login": "somebody", "password": "wrong"})
    assert 'value="somebody"' in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()
