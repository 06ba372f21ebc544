"""Answering by a link in a mail, without signing in: GET shows, POST acts, once (INC-08, INC-10)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from notifications.links import find_link
from notifications.models import AnswerLink
from notifications.services import answer_by_link
from notifications.texts import spoken_to
from tickets import clock
from tickets.actions import available_actions
from tickets.errors import ActionError, ActionInvalid

#: What may be answered, by what the link asks. The title of the page stands first.
ANSWERS: dict[str, tuple[str, ...]] = {
    AnswerLink.Purpose.SOLVED: ("confirm", "not_solved"),
    AnswerLink.Purpose.RATE: ("rate",),
    AnswerLink.Purpose.CALL: ("answer_coming", "answer_cannot"),
}


class AnswerView(View):
    """Says whether it is solved. Mail scanners open links, so opening one changes nothing."""

    def get(self, request: HttpRequest, text: str) -> HttpResponse:
        """Show what was done, and the two answers."""
        link = find_link(text, clock.now())
        return self._over(410) if link is None else self._draw(link)

    def post(self, request: HttpRequest, text: str) -> HttpResponse:
        """Do it, and thank."""
        link, name = find_link(text, clock.now()), request.POST.get("answer", "")
        if link is None or name not in ANSWERS[link.purpose]:
            return self._over(410)
        try:
            answer_by_link(link=link, name=name, data=request.POST, now=clock.now())
        except ActionInvalid as invalid:
            return self._draw(link, {name: invalid.form}, status=422)
        except ActionError:
            return self._over(409)
        with spoken_to(link.user.language, link.user.time_zone):
            return render(request, "notifications/answered.html", {"ticket": link.ticket, "name": name})

    def _draw(self, link: AnswerLink, forms: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
        ticket = link.ticket.specific
        possible = {item.action.name: item.action for item in available_actions(ticket, link.user) if item.enabled}
        with spoken_to(link.user.language, link.user.time_zone):
            answers = [
                {"action": possible[name], "form": self._form(name, possible, ticket, link, forms or {})}
                for name in ANSWERS[link.purpose]
                if name in possible
            ]
            if not answers or (not link.purpose and ticket.version != link.version):
                return self._over(410)
            solution = "" if link.purpose else getattr(ticket, "handling", "")
            context = {
                "ticket": ticket,
                "answers": answers,
                "solution": solution,
                "question": link.get_purpose_display(),
            }
            return render(self.request, "notifications/answer.html", context, status=status)

    @staticmethod
    def _form(name: str, possible: dict[str, Any], ticket: Any, link: AnswerLink, forms: dict[str, Any]) -> Any:
        return forms.get(name) or possible[name].form_class(ticket=ticket, user=link.user)

    def _over(self, status: int) -> HttpResponse:
        """Used, too old, or the ticket went on: say where to go instead."""
        return render(self.request, "notifications/answer_over.html", {}, status=status)
