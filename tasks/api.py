"""The tasks of a ticket, and splitting off another one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils.encoding import force_str
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.idempotency import answer_once
from itsm.api.operations import ACT_ERRORS, IDEMPOTENCY_KEY, Operation
from tasks.forms import TaskForm
from tasks.models import Task
from tickets.api.base import NUMBER
from tickets.api.lists import TicketPage, TicketRows, body_schemas
from tickets.lifecycle import Kind, kind_of_model
from tickets.models import Ticket
from tickets.serializers import detail_serializer

ADD_TASK = "add_task"


class TasksView(TicketRows):
    """Tasks of one ticket."""

    default_order = "created_at"
    input_form = TaskForm

    def known_parameters(self) -> tuple[str, ...]:
        """Filters and paging, for reading only."""
        return super().known_parameters() if self.request.method == "GET" else ()

    def rows(self, request: Request) -> QuerySet[Ticket]:
        """Tasks of the ticket that the person sees."""
        return self.rows_of(Ticket.objects.visible_to(self.user)).filter(parent=self.find(self.kwargs["number"]))

    def post(self, request: Request, number: str) -> Response:
        """Split off a task; the answer is the new task."""
        return answer_once(request, lambda: self._add(request, number))

    def _add(self, request: Request, number: str) -> Response:
        ticket = self.find(number)
        data, files = self.read(request)
        self.act(ticket, ADD_TASK, data, files)
        added = Task.objects.filter(parent_id=ticket.pk).order_by("-position")[0]
        return self.show(kind_of_model(Task), added.number, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows reading and adding."""
        shared: dict[str, Any] = {"tag": force_str(self.kind.label_plural), "path": NUMBER}
        if method == "get":
            return Operation(id=f"{self.kind.slug}_tasks", summary="List its tasks", response=TicketPage, **shared)
        action = self.kind.actions[ADD_TASK]
        return Operation(
            id=f"{self.kind.slug}_task_create",
            summary=force_str(action.label),
            description=force_str(action.help),
            request=body_schemas(TaskForm),
            response=detail_serializer(kind_of_model(Task)),
            status=201,
            errors=ACT_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            etag=True,
            also=(204,),
            **shared,
        )


def routes(kind: Kind) -> list[Any]:
    """The address of a kind's tasks, when it is split into tasks."""
    if ADD_TASK not in kind.actions:
        return []
    return [path(f"{kind.slug}/<number:number>/tasks/", TasksView.as_view(kind=kind))]
