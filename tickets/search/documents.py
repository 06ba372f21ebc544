"""Rows of the search: a document for each ticket, and documents that have to be written again."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchDocument(models.Model):
    """The words of a ticket. Written by database triggers alone (``migrations/0001_search.sql``), never from here.

    ``everything``: every text of the ticket with comments, notes, requester and items. ``public``: what its requester
    may read of it; None when that is all. ``own``, ``own_public``: texts that only the ticket's kind has.
    """

    ticket = models.OneToOneField(
        "tickets.Ticket", models.CASCADE, primary_key=True, related_name="search_document", verbose_name="ticket"
    )
    own = models.TextField(default="", editable=False)
    own_public = models.TextField(default="", editable=False)
    everything = SearchVectorField()
    public = SearchVectorField(null=True)

    class Meta:
        indexes = [GinIndex(fields=["everything"], name="search_document_words")]

    def __str__(self) -> str:
        return str(self.pk)


class StaleDocuments(models.Model):
    """Something got a new name: documents that mention it are to be written again, in the background.

    ``key``: of the person, item or organisation. ``done_until``: the last ticket that is through.
    """

    class Subject(models.TextChoices):
        PERSON = "person"
        ITEM = "item"
        ORGANISATION = "organisation"
        ALL = "all"

    subject = models.CharField(max_length=12, choices=Subject)
    key = models.BigIntegerField(null=True)
    done_until = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.subject} {self.key}"
