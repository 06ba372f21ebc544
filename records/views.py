"""The button of a step: pressed, it takes the step and says so; a step that asks something shows its form first."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.http import SignedInRequest, SignedInView
from records.actions import perform
from records.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound, RecordChanged
from records.lifecycle import family_of


def sent_version(request: HttpRequest, name: str = "version") -> int | None:
    """The version that the person read, when the form sends one."""
    version = request.POST.get(name, "")
    return int(version) if version.isdecimal() and len(version) < 10 else None


class StepView(SignedInView):
    """Base of the page that takes a step of ``model``; afterwards, or when it is refused, one is ``back``.

    A step that is refused says why above the list, and changes nothing.
    """

    model: ClassVar[type[Any]]
    back: ClassVar[str]

    def get(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """What the step asks; one that asks nothing has no page."""
        found = family_of(self.model).actions.get(step)
        if found is not None and found.form is None:
            return HttpResponseNotAllowed(["POST"])
        return self._draw(request, pk, step)

    def post(self, request: SignedInRequest, pk: int, step: str) -> HttpResponse:
        """Take it."""
        try:
            entry = perform(
                self.model(pk=pk),
                step,
                user=request.user,
                now=timezone.now(),
                data=request.POST,
                version=sent_version(request),
            )
        except ActionNotFound as error:
            raise Http404 from error
        except ActionForbidden as error:
            raise PermissionDenied(error.message) from error
        except (ActionConflict, RecordChanged) as error:
            messages.error(request, error.message)
            return redirect(self.back)
        except ActionInvalid as error:
            return self._draw(request, pk, step, error.form)
        messages.success(request, self.said(entry))
        return redirect(self.back)

    def said(self, entry: Any) -> str:
        """What is said when it was done."""
        return str(family_of(self.model).actions[entry.step].done)

    def _draw(self, request: SignedInRequest, pk: int, step: str, form: Any = None) -> HttpResponse:
        record, found = self.model._default_manager.filter(pk=pk).first(), family_of(self.model).actions.get(step)
        if record is None or found is None or found.creates:
            raise Http404
        if not found.allow or not found.allow(record, request.user):
            raise PermissionDenied
        shown = form or found.form_class(record=record, user=request.user)
        context = {"form": shown, "record": record, "step": found, "back": self.back}
        return render(request, "records/step.html", context, status=422 if form else 200)
