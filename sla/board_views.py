"""The manager's board of what is escalated."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render

from accounts.http import SignedInRequest, SignedInView
from sla.boards import board, may_see_board
from tickets import clock


class BoardView(SignedInView):
    """What is escalated until somebody acts, what the portal could not do, what it plans (INC-13)."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Look now."""
        if not may_see_board(request.user):
            raise PermissionDenied
        return render(request, "sla/board.html", board(request.user, clock.now()))
