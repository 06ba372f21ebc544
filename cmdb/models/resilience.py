"""Which single failures take a service down, kept current by the worker (CMDB-02)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from cmdb.models.items import ConfigurationItem


class SinglePoints(models.Model):
    """The items whose failure alone takes ``service`` down, the nearest first, as of ``reckoned_at``.

    ``partial``: the service rests on too much for all of it to be tried. ``graph_version``: the state of the graph
    that it was reckoned on; what changed since does not concern the service, or has not been looked at yet.
    """

    service = models.OneToOneField(ConfigurationItem, models.CASCADE, related_name="single_points")
    items = ArrayField(models.BigIntegerField(), default=list)
    count = models.PositiveIntegerField(default=0)
    partial = models.BooleanField(default=False)
    reckoned_at = models.DateTimeField()
    graph_version = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.service_id} {self.count}"
