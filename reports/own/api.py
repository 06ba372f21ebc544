"""Boards of one's own in the API."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, unknown
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from reports.own.models import OwnBoard
from reports.own.services import BoardForm, boards_for, kind_called, may_edit, save_board
from sla.boards import may_see_board
from tickets import clock

TAG = _("Reports")
KEYS = {"name", "kind", "role", "figures", "charts", "parameters"}


class OwnBoardSerializer(serializers.Serializer):
    """A board: codes of figures, charts with their size (normal, half, wide), in order."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField()
    owner = PersonField()
    role = serializers.CharField(source="role.code", allow_null=True, default=None, help_text="Who else sees it.")
    figures = serializers.ListField(child=serializers.CharField())
    charts: Any = serializers.SerializerMethodField(help_text="Code and size, such as trend:wide.")
    parameters = serializers.CharField(help_text="Period and filters, as in the address of a board.")

    def get_charts(self, board: OwnBoard) -> list[str]:
        """Code and size of each."""
        return [f"{code}:{size}" for code, size in board.charts]


class OwnBoardsView(ApiView):
    """The own boards, and those shared with a role of the person."""

    def get(self, request: Request) -> Response:
        """All of them."""
        _check(self.user)
        return Response({"results": OwnBoardSerializer(boards_for(self.user), many=True).data})

    def post(self, request: Request) -> Response:
        """Make one."""
        _check(self.user)
        return Response(OwnBoardSerializer(stored(request, self.user, None)).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="own_boards",
                tag=TAG,
                summary=_("Own boards"),
                response=list_serializer(OwnBoardSerializer),
                errors=LIST_ERRORS,
            )
        return Operation(
            id="own_board_make",
            tag=TAG,
            summary=_("Make a board"),
            request={"application/json": {"type": "object", "additionalProperties": True}},
            response=OwnBoardSerializer,
            status=201,
            errors=CREATE_ERRORS,
        )


class OwnBoardView(ApiView):
    """One own board."""

    def post(self, request: Request, pk: int) -> Response:
        """Put what is sent in place of what is there."""
        return Response(OwnBoardSerializer(stored(request, self.user, self._own(pk))).data)

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        self._own(pk).delete()
        return Response(status=204)

    def _own(self, pk: int) -> OwnBoard:
        _check(self.user)
        board = get_object_or_404(boards_for(self.user), pk=pk)
        if not may_edit(board, self.user):
            raise PermissionDenied
        return board

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "delete":
            return Operation(
                id="own_board_remove", tag=TAG, summary=_("Remove a board"), status=204, errors=CREATE_ERRORS
            )
        return Operation(
            id="own_board_replace",
            tag=TAG,
            summary=_("Replace a board"),
            request={"application/json": {"type": "object", "additionalProperties": True}},
            response=OwnBoardSerializer,
            errors=CREATE_ERRORS,
        )


def stored(request: Request, user: User, board: OwnBoard | None) -> OwnBoard:
    """The board as the body says. Raises ValidationError, Http404 for a kind without figures."""
    data: dict[str, Any] = request.data  # type: ignore[assignment]  # our parser takes objects only
    if errors := unknown(data, KEYS):
        raise ValidationError(errors)
    try:
        kind = kind_called(str(data.get("kind") or (board.kind if board else "incident")))
    except KeyError as error:
        raise Http404 from error
    form = BoardForm(data, instance=board, kind=kind, user=user)
    if data.get("role") and "role" not in form.fields:
        raise ValidationError({"role": [_("You may not share boards.")]})
    checked(form)
    return save_board(form=form, kind=kind, user=user, now=clock.now())


def _check(user: User) -> None:
    if not may_see_board(user):
        raise PermissionDenied
