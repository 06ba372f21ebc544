"""Which recurring changes somebody sees."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from changes.models import Change
from changes.recurring.models import Recurrence
from changes.recurring.rules import may_read


def visible_to(user: User) -> QuerySet[Recurrence]:
    """Those of templates, and copies of changes that ``user`` sees; none for whoever reads none."""
    found = Recurrence.objects.select_related("template", "copied", "owner")
    seen = Q(template__isnull=False) | Q(copied__in=Change.objects.visible_to(user).values("pk"))
    return found.filter(seen) if may_read(user) else found.none()
