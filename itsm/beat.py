"""The Celery application of the clock process: it only sends names of tasks, so it loads none of our code.

That halves its memory; everything else is as in ``itsm.celery``.
"""

from celery import Celery

app = Celery("itsm", fixups=[])  # without the fixup that loads Django
app.config_from_object("itsm.settings", namespace="CELERY")
