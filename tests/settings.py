"""The portal's settings, changed where tests need it: throwaway data, fast hashing, no built static files."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

# The servers' addresses follow from the data directory, so it must be known before the settings are read. The first
# process of a test run makes it; xdist's workers inherit the variable. tests/conftest.py starts and ends the servers.
os.environ.setdefault("ITSM_TEST_DATA_DIR", str(Path(tempfile.gettempdir()) / f"itsm-tests-{os.getpid()}"))
os.environ["ITSM_DATA_DIR"] = os.environ["ITSM_TEST_DATA_DIR"]
os.environ["ITSM_DEMO"] = "0"
# Tests make the databases that they write into: addresses of servers in use are nothing to them. Whoever wants them
# on another server, such as the oldest one that is promised, names it here; they make a database of their own there.
# Processes that tests start are told so, too, which database or Redis of the test's own they use.
os.environ["DATABASE_URL"] = os.environ.get("ITSM_TEST_DATABASE_URL", "")
os.environ["REDIS_URL"] = os.environ.get("ITSM_TEST_REDIS_URL", "")
os.environ["SECRET_KEY"] = "only for tests " * 4
os.environ["ITSM_HTTPS"] = "0"
os.environ["EMAIL_HOST"] = "localhost"  # people have mail; tests that send any start a server of their own

from itsm.settings import *  # noqa: F403  (after the environment is set)
from itsm.settings import CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES, INSTALLED_APPS, STORAGES

# A new kind of ticket touches nothing in tickets/, a new family of records nothing in records/.
INSTALLED_APPS = [*INSTALLED_APPS, *(name for name in ("tests.second_kind", "tests.second_family") if find_spec(name))]

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": 2}
# A test is one transaction, and may reckon for longer between two statements than a page may on a busy machine.
DATABASES["default"]["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"
