"""Entry point of the web server."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "itsm.settings")

application = get_wsgi_application()

# Load all views now, once: gunicorn's workers share what was loaded before they were forked.
get_resolver().url_patterns  # noqa: B018
