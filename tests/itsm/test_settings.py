"""The settings refuse dangerous or unclear environments before anything starts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from itsm import env

pytestmark = pytest.mark.req("ADM-02")

KEY = "k" * 50
PUBLIC = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "itsm.example.com", "SITE_URL": "https://itsm.example.com"}
SHOW = """
import json
from itsm import settings
print(json.dumps({name: getattr(settings, name) for name in %r}))
"""


def load(data_dir: Path, *names: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Read the settings in a process of their own with only these variables."""
    environment = {"PATH": os.environ["PATH"], "ITSM_DATA_DIR": str(data_dir), **variables}
    command = [sys.executable, "-c", SHOW % (names,)]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)


def shown(data_dir: Path, *names: str, **variables: str) -> dict[str, object]:
    done = load(data_dir, *names, **variables)
    assert done.returncode == 0, done.stderr
    values: dict[str, object] = json.loads(done.stdout)
    return values


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "The environment variable SECRET_KEY must be set."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have at least 50 random characters."),
        ({"SECRET_KEY": KEY, "DEBUG": "1", "ALLOWED_HOSTS": "itsm.example.com"}, "it is refused while ALLOWED_HOSTS"),
        ({"SECRET_KEY": KEY, "DEBUG": "maybe"}, "DEBUG must be 1 or 0, not 'maybe'."),
        ({"SECRET_KEY": KEY, "NUM_PROXIES": "-1"}, "NUM_PROXIES must be a whole number, not '-1'."),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": "itsm.example.com"}, "SITE_URL must be the address of the portal"),
        (PUBLIC | {"SITE_URL": "http://itsm.example.com"}, "SITE_URL must be the address of the portal"),
        (PUBLIC | {"SITE_URL": "https://127.0.0.1:8000"}, "SITE_URL must be the address of the portal"),
        (PUBLIC | {"SITE_URL": "https://other.example.com"}, "The host of SITE_URL must stand in ALLOWED_HOSTS."),
        (PUBLIC | {"LIVE_PORT": "8123"}, "LIVE_PORT is for portals without https"),
        ({"SECRET_KEY": KEY, "DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must look like postgresql://"),
    ],
)
def test_bad_environment_is_refused(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    done = load(tmp_path, "DEBUG", **variables)

    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]


def test_demo_keeps_its_secret_over_a_restart(tmp_path: Path) -> None:
    first = shown(tmp_path, "SECRET_KEY", ITSM_DEMO="1")["SECRET_KEY"]

    assert shown(tmp_path, "SECRET_KEY", ITSM_DEMO="1")["SECRET_KEY"] == first
    assert len(str(first)) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_commands_beside_a_demo_know_that_it_is_one(tmp_path: Path) -> None:
    shown(tmp_path, "DEMO", ITSM_DEMO="1")

    assert shown(tmp_path, "DEMO") == {"DEMO": True}
    assert shown(tmp_path, "DEMO", SECRET_KEY=KEY) == {"DEMO": False}


def test_production_is_https_with_host_only_cookies(tmp_path: Path) -> None:
    names = ["SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "DEBUG"]

    assert shown(tmp_path, *names, **PUBLIC) == {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31536000,
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "DEBUG": False,
    }


def test_proxies_are_counted_alike_for_sign_in_and_api(tmp_path: Path) -> None:
    values = shown(tmp_path, "ALLAUTH_TRUSTED_PROXY_COUNT", "REST_FRAMEWORK", SECRET_KEY=KEY, NUM_PROXIES="2")

    assert values["ALLAUTH_TRUSTED_PROXY_COUNT"] == 2
    assert values["REST_FRAMEWORK"]["NUM_PROXIES"] == 2  # type: ignore[index]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://me:p%40ss@db.example.com:5433/itsm?sslmode=require",
            {"NAME": "itsm", "USER": "me", "PASSWORD": "p@ss", "HOST": "db.example.com", "PORT": 5433,
             "OPTIONS": {"sslmode": "require"}},
        ),
        (
            "postgres://postgres@/itsm?host=/some/dir",
            {"NAME": "itsm", "USER": "postgres", "PASSWORD": "", "HOST": "/some/dir", "PORT": "", "OPTIONS": {}},
        ),
    ],
)  # fmt: skip
def test_database_address_is_read(url: str, expected: dict[str, object]) -> None:
    assert env.database(url) == expected


def test_database_address_without_name_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like"):
        env.database("postgresql://db.example.com/")


def variables() -> set[str]:
    """Every variable that the code reads."""
    files = [
        path for app in ("itsm", "live", "sla", "notifications") for path in (settings.BASE_DIR / app).rglob("*.py")
    ]
    read = r"env\.(?:text|flag|number|words|path)\(\s*['\"](\w+)['\"]"
    return {name for path in files for name in re.findall(read, path.read_text())}


def test_every_variable_stands_in_the_guide_and_in_compose() -> None:
    guide = (settings.BASE_DIR / "docs/administration.md").read_text()
    table = "".join(line.split("|")[1] for line in guide.splitlines() if line.startswith("| `"))
    compose = (settings.BASE_DIR / "docker-compose.yml").read_text() + (settings.BASE_DIR / "Dockerfile").read_text()
    not_in_containers = {"DEBUG", "ITSM_DEMO", "LIVE_PORT"}  # never on servers; behind the proxy

    assert len(variables()) > 30
    assert variables() - set(re.findall(r"`([A-Z_]+)`", table)) == set()
    assert set(re.findall(r"`([A-Z_]{4,})`", table)) - variables() == set()
    assert {
        name for name in variables() - not_in_containers if f"{name}:" not in compose and f"{name}=" not in compose
    } == set()
