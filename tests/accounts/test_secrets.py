"""Whoever reads the database, or a backup of it, finds nothing that opens anything (SEC-03, ADM-02)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.access.epochs import begin_epoch
from accounts.access.sessions import SessionStore, digest_of
from accounts.access.tokens import create_token
from accounts.adapters import SecondFactorAdapter
from itsm.sealing import NotSealedError, seal, unseal
from notifications.links import find_link
from notifications.models import Endpoint
from notifications.sending.claiming import claim_mail
from tests.factories import World, incident_in
from tickets import clock

pytestmark = pytest.mark.req("SEC-03")
PASSWORD = "correct horse battery"


def everything_stored() -> str:
    """All rows of all tables as text: what a backup holds."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 - the portal's own tables
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


@pytest.fixture
def signed_in(world: World) -> Client:
    """A browser in which the administrator has signed in with a password."""
    cache.clear()
    world.admin.set_password(PASSWORD)
    world.admin.save(update_fields=["password"])
    client = Client()
    assert client.post("/accounts/login/", {"login": "admin", "password": PASSWORD}).status_code == 302
    return client


def test_the_keys_of_sessions_are_not_in_the_database(signed_in: Client) -> None:
    key = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
    [row] = Session.objects.all()

    assert key not in everything_stored()
    assert row.session_key == digest_of(key)
    assert signed_in.get("/admin/").status_code == 200
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert thief.get("/admin/").status_code == 302
    assert "_auth_user" not in row.session_data


def test_ending_a_session_ends_it(signed_in: Client) -> None:
    key = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
    assert SessionStore().exists(key)

    signed_in.post("/accounts/logout/")

    assert not SessionStore().exists(key)
    assert SessionStore(key).load() == {}


def asked_link() -> str:
    """The address in the mail for whoever asked for a new password, as it is handed to the mail server."""
    cache.clear()
    Client().post("/accounts/password/reset/", {"email": "admin@example.com"})
    texts = [claimed.outgoing.rendered["text"] for claimed in claim_mail(clock.now(), 50)]
    [path] = [found for text in texts for found in re.findall(r"/accounts/password/reset/key/\S+", text)]
    return str(path)


def test_links_for_a_new_password_are_not_in_the_database(world: World) -> None:
    path, visitor = asked_link(), Client()
    token = path.strip("/").rpartition("-")[2]
    assert token not in everything_stored()

    answer = visitor.get(path)  # from here on the token rests in the session

    assert answer.status_code == 302
    assert token not in everything_stored()
    assert visitor.get(answer["Location"]).status_code == 200
    done = visitor.post(answer["Location"], {"password1": PASSWORD, "password2": PASSWORD})
    assert done.status_code == 302


def test_links_for_a_new_password_end_with_a_restore(world: World) -> None:
    path = asked_link()

    begin_epoch()

    answer = Client().get(path)
    assert answer.status_code == 200
    assert b"password1" not in answer.content


def test_answer_links_are_neither_stored_nor_outlive_a_restore(world: World) -> None:
    incident_in("resolved", world)
    texts = [claimed.outgoing.rendered["text"] for claimed in claim_mail(clock.now(), 50)]
    [link] = [found for text in texts for found in re.findall(r"/answer/(\d+\.\w+)/", text)]

    assert link.partition(".")[2] not in everything_stored()
    assert find_link(link, clock.now()) is not None
    begin_epoch()
    assert find_link(link, clock.now()) is None


def test_api_tokens_and_second_factors_are_not_in_the_database(world: World) -> None:
    _token, text = create_token(user=world.desk, name="t")
    secret = generate_totp_secret()
    TOTP.activate(world.desk, secret)
    codes = RecoveryCodes.activate(world.desk).generate_codes()
    stored = everything_stored()

    assert text.split("_", 2)[2] not in stored
    assert secret not in stored
    assert not [code for code in codes if code in stored]


def test_addresses_of_chat_robots_and_secrets_of_programs_are_not_in_the_database(world: World) -> None:
    """Whoever knows a robot's address can write in the portal's name: log and forms do not hold it either (A7)."""
    address = "https://open.feishu.cn/open-apis/bot/v2/hook/3f1d-9a7c"
    page = Client()
    page.force_login(world.admin)
    sent = {"name": "robot", "kind": "feishu", "url": address, "secret": "geheim-93", "language": "en", "active": "on"}
    assert page.post("/admin/notifications/endpoint/add/", sent).status_code == 302
    row = Endpoint.objects.get()
    edit = f"/admin/notifications/endpoint/{row.pk}/change/"

    assert (row.url, row.secret, row.host) == (address, "geheim-93", "open.feishu.cn")
    for path in (edit, "/admin/notifications/endpoint/"):
        shown = page.get(path).content.decode()
        assert "open.feishu.cn" in shown
        assert not [text for text in ("3f1d-9a7c", "geheim-93") if text in shown]
    assert page.post(edit, sent | {"url": "", "secret": "", "name": "renamed"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.url, row.secret) == ("renamed", address, "geheim-93")
    stored = everything_stored()
    assert not [text for text in ("3f1d-9a7c", "geheim-93") if text in stored]

    assert page.post(edit, sent | {"url": f"{address}-new", "secret": "", "no_secret": "on"}).status_code == 302
    row.refresh_from_db()
    assert (row.url, row.secret) == (f"{address}-new", "")
    assert page.post(f"/admin/notifications/endpoint/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert "3f1d-9a7c" not in everything_stored()


def test_sealed_columns_of_before_are_read_and_foreign_ones_are_empty(world: World) -> None:
    place = Endpoint.objects.create(name="x", kind="webhook", url="https://a.example/b", secret="")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_endpoint SET url = 'https://before.example', secret = 'sealed:foreign'")
    place.refresh_from_db()
    assert (place.url, place.secret) == ("https://before.example", "")


def test_second_factors_of_before_still_work_and_foreign_ones_never_do() -> None:
    adapter = SecondFactorAdapter()
    assert adapter.decrypt("JBSWY3DPEHPK3PXP") == "JBSWY3DPEHPK3PXP"
    assert adapter.decrypt(adapter.encrypt("JBSWY3DPEHPK3PXP")) == "JBSWY3DPEHPK3PXP"
    one, other = adapter.decrypt("sealed:foreign"), adapter.decrypt("sealed:foreign")
    assert one != other
    assert min(len(one), len(other)) == 32


def test_what_is_sealed_opens_for_its_purpose_and_with_older_keys(settings: Any) -> None:
    sealed = seal("内容", purpose="a")
    assert unseal(sealed, purpose="a") == "内容"
    for text, purpose in ((sealed, "b"), (sealed[:-2] + "xx", "a"), ("", "a"), ("中", "a")):
        with pytest.raises(NotSealedError):
            unseal(text, purpose=purpose)

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 5
    assert unseal(sealed, purpose="a") == "内容"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(NotSealedError):
        unseal(sealed, purpose="a")
