"""All settings of the portal, read from the environment; refuses to start on bad or missing values.

Variables are listed in the README. Demo mode (``ITSM_DEMO=1``, what ``make run`` does) needs none of them.
"""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.utils.translation import gettext_lazy as _

from itsm import embedded, env, limits, uploads
from itsm.run.schedule import CELERY_BEAT_SCHEDULE  # noqa: F401 - a setting

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = embedded.data_dir()  # database, uploads and logs; keep it, back it up
BUILD_DIR = BASE_DIR / "var"  # what is built from the sources; may be removed at any time
# numpy's linear algebra is not used: no threads for it, least of all in the process that the programs are forked from.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# --- Mode -----------------------------------------------------------------------------------------------------------
# Commands beside a demo are part of it: its data directory has the key that the demo made for itself.
DEMO = env.flag("ITSM_DEMO", default=not env.text("SECRET_KEY", "") and (DATA_DIR / "secret_key").exists())
DEBUG = env.flag("DEBUG")
HTTPS = env.flag("ITSM_HTTPS", default=not DEMO)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
PUBLIC_HOSTS = env.words("ALLOWED_HOSTS")
ALLOWED_HOSTS = [*PUBLIC_HOSTS, *LOCAL_HOSTS]  # health probes ask this machine itself
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SECRET_KEY = embedded.demo_secret(DATA_DIR) if DEMO else env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
NUM_PROXIES = env.number("NUM_PROXIES", 0)  # reverse proxies in front that set X-Forwarded-For


def is_local(host: str) -> bool:
    """Tell whether a host name can only be reached from this machine."""
    name = host.strip("[]")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


if DEBUG and not all(is_local(host) for host in PUBLIC_HOSTS):
    raise ImproperlyConfigured("DEBUG shows internals to visitors; it is refused while ALLOWED_HOSTS is public.")
if not DEMO and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must have at least 50 random characters.")

# Live updates: behind a proxy /live/ leads to their process; without one it has a port of its own.
PORT = env.number("PORT", 8000)
LIVE_HOST = env.text("BIND", "127.0.0.1")
LIVE_PORT = env.number("LIVE_PORT", 0)
if HTTPS and LIVE_PORT:
    raise ImproperlyConfigured(
        "LIVE_PORT is for portals without https: a page over https may not read from a plain port. "
        "Let the proxy lead /live/ to `manage.py live --port 8001`."
    )
LIVE_ORIGINS = [f"http://{host}:{LIVE_PORT}" for host in ALLOWED_HOSTS if LIVE_PORT and host[0] not in "[.*"]

# --- Apps -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",
    "duty",
    "drafts",
    "records",
    "cmdb",
    "tickets",
    "incidents",
    "tasks",
    "approvals",
    "problems",
    "changes",
    "notifications",
    "sla",
    "live",
    "announcements",
    "replies",
    "exporting",
    "reports",
    "importing",
    "demo",
    "itsm",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_fsm",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "itsm.web.shared_static.SharedStaticMiddleware",
    "itsm.web.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "itsm.web.middleware.ZeroCharacterMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "itsm.web.middleware.SessionLifetimeMiddleware",
    "itsm.web.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.UserPreferencesMiddleware",
    "itsm.web.once.OnceMiddleware",
]

ROOT_URLCONF = "itsm.urls"
LINKS_URLCONF = "sla.link_urls"  # for processes that only write links
WSGI_APPLICATION = "itsm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tickets.workspace.context.shell",
                "live.context.live",
                "announcements.context.shown",
            ],
        },
    },
]

# --- Database, cache, broker ----------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 300),
        "CONN_HEALTH_CHECKS": True,
        **env.database(env.text("DATABASE_URL", embedded.database_url(DATA_DIR))),
    }
}
PROCESS = env.text("ITSM_PROCESS", "itsm")
SESSION_LIMITS = limits.limits_of(PROCESS)
DATABASES["default"]["OPTIONS"] |= {
    "application_name": PROCESS,
    "connect_timeout": 5,
    "options": limits.as_options(SESSION_LIMITS),
}

# The portal needs PostgreSQL only: sessions, cache and rate limits stay up when Redis is down.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
SESSION_ENGINE = "accounts.access.sessions"

REDIS_URL = env.text("REDIS_URL", embedded.redis_url(DATA_DIR))
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 3,
    "socket_timeout": 10,  # the default waits for ever
    "socket_keepalive": True,
    "health_check_interval": 5,
}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 25
CELERY_TASK_TIME_LIMIT = 40
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 200_000  # KiB; what a large file took is given back by another child only
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
# The engine has a queue and a worker of its own: no import, export or report can hold a timer up.
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ROUTES = {"sla.tasks.run_engine": {"queue": "engine"}}
# An engine's worker that ran nothing for so long, while the database answers, ends and is started again.
ENGINE_WORKER_SILENCE = env.number("ENGINE_WORKER_SILENCE", 60)
# Closed tickets keep what people were told, and the timers that told them, for so many days; 0: for ever.
NOTICES_KEPT_DAYS = env.number("NOTICES_KEPT_DAYS", 730)

# --- Being watched from outside -------------------------------------------------------------------------------------
MONITORING_TOKEN = env.text("MONITORING_TOKEN", "")  # opens /metrics and the reasons of /healthz/engine
DEAD_MAN_URL = env.text("DEAD_MAN_URL", "")  # called once a minute while all is green; its silence is the alarm
if MONITORING_TOKEN and len(MONITORING_TOKEN) < 20:
    raise ImproperlyConfigured("MONITORING_TOKEN must have at least 20 random characters.")

# --- Sign-in and sessions -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.access.epochs.ResetTokenGenerator"  # noqa: S105 - a path
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by administrators or imported, never by sign-up
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the portal writes to nobody whom it does not know
ACCOUNT_SESSION_REMEMBER = True  # lifetimes are ours, see SESSION_IDLE_*
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "5/5m/key,50/5m/ip",  # the adapter's key is account and address together
    "reset_password": "20/h/ip,5/h/key",
    "reauthenticate": "5/5m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = NUM_PROXIES
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "ITSM"

SESSION_COOKIE_AGE = 12 * 3600  # absolute: a session is never prolonged beyond this
SESSION_IDLE_SECONDS_STAFF = 30 * 60
SESSION_IDLE_SECONDS_CUSTOMER = 8 * 3600
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "accounts.views.form_expired"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- Pages and output -----------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *LIVE_ORIGINS],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        "report-uri": "/csp-report/",
    }
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz/", r"^metrics$"]  # probes ask the process itself, without the proxy
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NUM_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 10
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SILENCED_SYSTEM_CHECKS = ["staticfiles.W004"]  # an image keeps what was collected, not what it was collected from
STATIC_URL = "static/"
STATIC_ROOT = BUILD_DIR / "static"
STATICFILES_DIRS = [BUILD_DIR / "assets", BASE_DIR / "static"]
STORAGES = {
    "default": uploads.storage(DATA_DIR / "uploads"),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
UPLOADS_BUCKET = env.text("UPLOADS_BUCKET", "")  # named: uploads lie in a store, not on a disk
MEDIA_ROOT = DATA_DIR / "uploads"  # outside of what is served: files leave through a view that checks who asks
MEDIA_URL = ""

# --- Language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = env.text("LANGUAGE_CODE", "zh-hans")
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.text("TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_I18N = True

# --- API ------------------------------------------------------------------------------------------------------------
API_REQUESTS_PER_MINUTE = env.number("API_REQUESTS_PER_MINUTE", 600)  # per token, else per person, else per address
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "itsm.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["itsm.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["itsm.api.throttling.BucketThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["itsm.api.parsers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "itsm.api.schema.ApiSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "itsm.api.problems.answer_problem",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": NUM_PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ITSM API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "PREPROCESSING_HOOKS": ["itsm.api.schema.expand_actions"],
    "POSTPROCESSING_HOOKS": ["itsm.api.schema.add_shared_parts"],
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "SORT_OPERATIONS": False,
    "DISABLE_ERRORS_AND_WARNINGS": False,
}

# --- Mail and logging -----------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "itsm@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_HOST = env.text("EMAIL_HOST", "")  # without one nobody is told by mail; `check --deploy` says so
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = "notifications.channels.portal_mail.EmailBackend"
# Notices: links in mails lead here, never to the host that somebody's request named.
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
if PUBLIC_HOSTS and not DEMO:
    if urlsplit(SITE_URL).scheme != ("https" if HTTPS else "http") or is_local(urlsplit(SITE_URL).hostname or ""):
        raise ImproperlyConfigured(
            "SITE_URL must be the address of the portal, such as https://itsm.example.com: links in mails lead there."
        )
    if not validate_host(urlsplit(SITE_URL).netloc.partition(":")[0], PUBLIC_HOSTS):
        raise ImproperlyConfigured("The host of SITE_URL must stand in ALLOWED_HOSTS.")
# Where notices may be posted to: public addresses over https. Gateways inside the own network are named here.
OUTBOUND_HTTP = env.flag("OUTBOUND_HTTP")
OUTBOUND_PORTS = [int(port) for port in env.words("OUTBOUND_PORTS") or ["443", "8443"]]
OUTBOUND_PRIVATE_HOSTS = env.words("OUTBOUND_PRIVATE_HOSTS")
CHAT_HOSTS = {
    "wecom": ["qyapi.weixin.qq.com"],
    "dingtalk": ["oapi.dingtalk.com"],
    "feishu": ["open.feishu.cn", "open.larksuite.com"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "itsm.logs.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
