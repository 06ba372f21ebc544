"""SMS gateways, programs and chat robots: everything that is posted over HTTP, with its signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from django.conf import settings

from notifications.channels.headers import readable
from notifications.channels.outgoing import DEFINITE, PERMANENT, SENT, UNCERTAIN, Outgoing, Result
from notifications.sending import outbound
from notifications.sending.outbound import Answer, NotSent, Refused, Unanswered

#: Of what programs are sent; grows when a member changes its meaning or goes (docs/clocks-and-notices.md).
WEBHOOK_VERSION = 1
GONE = {404, 410}
#: Codes with which chat services say that the robot does not exist (any more).
NO_SUCH_ROBOT = {"wecom": {93000}, "dingtalk": {300001, 400102}, "feishu": {19001}}

Request = tuple[str, bytes, dict[str, str]]


def send(outgoing: Outgoing) -> Result:
    """Post the message the way its channel wants it. Never raises for what the network or the other side does."""
    try:
        if outgoing.channel in settings.CHAT_HOSTS:
            outbound.named_hosts(settings.CHAT_HOSTS[outgoing.channel], outgoing.url)
        url, body, headers = _REQUESTS[outgoing.channel](outgoing, time.time())
        answer = outbound.post(url, body, headers)
    except Refused as refused:
        return Result(PERMANENT, str(refused))
    except NotSent as error:
        return Result(DEFINITE, str(error)[:300], outage=True)
    except Unanswered as error:
        return Result(UNCERTAIN, str(error)[:300], outage=True)
    return verdict(outgoing.channel, answer)


def verdict(channel: str, answer: Answer) -> Result:
    """What an answer means: by its status, and by the code that chat services put into its body."""
    if not 200 <= answer.status < 300:
        kind = PERMANENT if answer.status in GONE else DEFINITE
        return Result(kind, f"HTTP {answer.status}", outage=answer.status >= 500)
    code = answer.body.get("errcode", answer.body.get("code", answer.body.get("StatusCode", 0)))
    if channel not in NO_SUCH_ROBOT or code in (0, "0"):
        return Result(SENT)
    return Result(PERMANENT if code in NO_SUCH_ROBOT[channel] else DEFINITE, f"HTTP 200, code {code}")


#: Marks with which chat services read more into a text than it says: calling people in, links behind other words.
_MARKS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "@": "＠"})


def plain(text: str) -> str:
    """``text`` for a chat room, where it must stay text: what users typed calls nobody in and hides no link.

    Feishu reads ``<at user_id="all">`` and ``[words](address)``, WeCom ``<@name>``, in any text.
    """
    return readable(text).translate(_MARKS)


# --- Requests -------------------------------------------------------------------------------------------------------


def _json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode()


def signed(outgoing: Outgoing, payload: Mapping[str, Any], now: float) -> Request:
    """A post with our own signature: HMAC-SHA256 with the endpoint's secret over timestamp and body, in hex."""
    body, stamp = _json(payload), str(int(now))
    code = hmac.new(outgoing.secret.encode(), stamp.encode() + body, hashlib.sha256).hexdigest()
    headers = {"Idempotency-Key": outgoing.key, "X-Timestamp": stamp, "X-Signature": code}
    return outgoing.url, body, headers


def _webhook(outgoing: Outgoing, now: float) -> Request:
    kept = outgoing.rendered
    payload = {
        "version": WEBHOOK_VERSION,
        "id": outgoing.key,
        "subject": kept["subject"],
        "text": kept["text"],
        "notices": kept["notices"],
    }
    return signed(outgoing, payload, now)


def _sms(outgoing: Outgoing, now: float) -> Request:
    return signed(outgoing, {"id": outgoing.key, "to": outgoing.to, "text": readable(outgoing.rendered["short"])}, now)


def _wecom(outgoing: Outgoing, now: float) -> Request:
    """WeCom knows a robot by the key in its address; there is no signature."""
    return outgoing.url, _json({"msgtype": "text", "text": {"content": plain(outgoing.rendered["short"])}}), {}


def _dingtalk(outgoing: Outgoing, now: float) -> Request:
    """DingTalk: milliseconds, line break, secret, signed with the secret, in the address."""
    url = outgoing.url
    if outgoing.secret:
        stamp = str(int(now * 1000))
        code = hmac.new(outgoing.secret.encode(), f"{stamp}\n{outgoing.secret}".encode(), hashlib.sha256).digest()
        joint = "&" if "?" in url else "?"
        url = f"{url}{joint}timestamp={stamp}&sign={quote_plus(base64.b64encode(code))}"
    return url, _json({"msgtype": "text", "text": {"content": plain(outgoing.rendered["short"])}}), {}


def _feishu(outgoing: Outgoing, now: float) -> Request:
    """Feishu: seconds, line break and secret are the key that signs an empty text; both stand in the body."""
    payload: dict[str, Any] = {"msg_type": "text", "content": {"text": plain(outgoing.rendered["short"])}}
    if outgoing.secret:
        stamp = str(int(now))
        code = hmac.new(f"{stamp}\n{outgoing.secret}".encode(), b"", hashlib.sha256).digest()
        payload |= {"timestamp": stamp, "sign": base64.b64encode(code).decode()}
    return outgoing.url, _json(payload), {}


_REQUESTS: dict[str, Callable[[Outgoing, float], Request]] = {
    "webhook": _webhook,
    "sms": _sms,
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
}
