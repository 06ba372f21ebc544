"""Chat robots with their signing rules; which addresses are called at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from notifications.channels import posting
from notifications.channels.outgoing import Outgoing
from notifications.sending import outbound
from notifications.sending.outbound import Refused
from tests.notifications.servers import Program, free_port

pytestmark = pytest.mark.req("NTF-01")
SECRET = "SEC123"


def robot(program: Program, channel: str, **fields: Any) -> Outgoing:
    """A message for a robot."""
    rendered = {"subject": "s", "text": "t", "short": "P1 告警", "notices": []}
    return Outgoing(
        **{"key": "7", "channel": channel, "to": "13800000000", "message_id": "", "rendered": rendered}
        | {"url": program.url, "secret": SECRET}
        | fields
    )


def signature(key: str, text: str) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_dingtalk_is_signed_in_the_address(program: Program) -> None:
    before = int(time.time() * 1000)
    assert posting.send(robot(program, "dingtalk")).kind == "sent"
    after = time.time() * 1000
    [post] = program.posts
    query = parse_qs(urlsplit(post.path).query)
    stamp = query["timestamp"][0]

    assert before <= int(stamp) <= after
    assert query["sign"] == [signature(SECRET, f"{stamp}\n{SECRET}")]
    assert post.json == {"msgtype": "text", "text": {"content": "P1 告警"}}


def test_feishu_is_signed_in_the_body(program: Program) -> None:
    assert posting.send(robot(program, "feishu")).kind == "sent"
    [post] = program.posts
    stamp = post.json["timestamp"]

    assert post.json["sign"] == signature(f"{stamp}\n{SECRET}", "")
    assert (post.json["msg_type"], post.json["content"]) == ("text", {"text": "P1 告警"})


def test_wecom_is_known_by_its_address(program: Program) -> None:
    assert posting.send(robot(program, "wecom", url=f"{program.url}?key=k")).kind == "sent"
    [post] = program.posts

    assert (post.path, post.json["text"]) == ("/hook?key=k", {"content": "P1 告警"})


def test_an_sms_gateway_gets_number_and_text(program: Program) -> None:
    assert posting.send(robot(program, "sms")).kind == "sent"
    [post] = program.posts

    assert post.json == {"id": "7", "to": "13800000000", "text": "P1 告警"}
    assert post.headers["idempotency-key"] == "7"


@pytest.mark.parametrize(
    ("channel", "answer", "kind"),
    [
        ("wecom", '{"errcode": 45009}', "definite"),
        ("wecom", '{"errcode": 93000}', "permanent"),
        ("dingtalk", '{"errcode": 310000}', "definite"),
        ("dingtalk", '{"errcode": 300001}', "permanent"),
        ("feishu", '{"code": 19021}', "definite"),
        ("feishu", '{"StatusCode": 0}', "sent"),
        ("webhook", '{"code": 5}', "sent"),
        ("webhook", "not JSON", "sent"),
    ],
)
def test_a_refusal_may_hide_behind_status_200(program: Program, channel: str, answer: str, kind: str) -> None:
    program.answer = answer

    assert posting.send(robot(program, channel)).kind == kind


@pytest.mark.req("NTF-03")
def test_no_answer_is_uncertain_and_no_connection_is_definite(program: Program, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.3)
    program.wait = 1

    assert posting.send(robot(program, "webhook")).kind == "uncertain"
    closed = f"http://127.0.0.1:{free_port()}/"
    assert posting.send(robot(program, "webhook", url=closed)).kind == "definite"


def test_robots_live_at_known_hosts_only(program: Program, settings: Any) -> None:
    settings.CHAT_HOSTS = {"dingtalk": ["oapi.dingtalk.com"]}

    assert posting.send(robot(program, "dingtalk")).kind == "permanent"
    assert program.posts == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://user:secret@example.com/",
        "https://example.com:22/",
        "https:///nowhere",
        "https://[",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
    ],
)
def test_addresses_inside_are_never_called(url: str) -> None:
    with pytest.raises(Refused):
        outbound.post_json(url, {})


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111"])
def test_addresses_outside_are(text: str) -> None:
    assert outbound.is_public(ipaddress.ip_address(text))


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: Any) -> None:
    """A name server of somebody else's must not lead us inside."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in ("8.8.8.8", "192.168.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)

    with pytest.raises(Refused):
        outbound.resolve(urlsplit("https://example.com/"))


def test_a_long_answer_is_cut(program: Program) -> None:
    program.answer = "x" * 1_000_000

    assert posting.send(robot(program, "webhook")).kind == "sent"
