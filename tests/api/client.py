"""A program that talks to the API with a token, as an integration does."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.access.tokens import create_token
from accounts.models import User

BASE = "/api/v1/"


class Api:
    """Requests of one token. Headers are given as ``if_match="…"``; answers are Django's."""

    def __init__(self, user: User, scopes: list[str] | None = None) -> None:
        self.token, text = create_token(user=user, name="tests", scopes=scopes)
        self.client = Client(headers={"authorization": f"Bearer {text}", "accept-language": "en"})

    def get(self, path: str, **headers: str) -> Any:
        """Read ``path`` below the API's root."""
        return self.client.get(_address(path), headers=_named(headers))

    def post(self, path: str, data: Any = None, **headers: str) -> Any:
        """Send ``data`` as JSON."""
        body = json.dumps(data or {})
        return self.client.post(_address(path), body, content_type="application/json", headers=_named(headers))

    def patch(self, path: str, data: Any) -> Any:
        """Change with ``data`` as JSON what is at ``path``."""
        return self.client.patch(_address(path), json.dumps(data), content_type="application/json")

    def upload(self, path: str, data: dict[str, Any], **headers: str) -> Any:
        """Send ``data`` as multipart/form-data."""
        return self.client.post(_address(path), data, headers=_named(headers))

    def delete(self, path: str, **headers: str) -> Any:
        """Remove what is at ``path``."""
        return self.client.delete(_address(path), headers=_named(headers))

    def results(self, path: str) -> list[Any]:
        """The rows of a list."""
        response = self.get(path)
        assert response.status_code == 200, response.content
        return response.json()["results"]


def _address(path: str) -> str:
    return path if path.startswith(("/", "http")) else BASE + path


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def numbers(response: Any) -> list[str]:
    """The numbers of a page of tickets."""
    assert response.status_code == 200, response.content
    return [row["number"] for row in response.json()["results"]]


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem document of a refusal, checked for its shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    return body
