"""The page of an investigation: parts, evidence, hypotheses, five whys, fishbone."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from drafts.http import answered
from itsm.documents.paper import TYPE as PDF
from problems import rules
from problems.figures.papers import record_pdf
from problems.investigation import outline
from problems.investigation.fishbone import draw, draw_tall
from problems.investigation.outline import OutlineError, mark_of
from problems.investigation.writing import (
    WrittenMeanwhile,
    add_evidence,
    judge,
    record_of,
    tree_of,
    write_causes,
    write_note,
)
from problems.models import Cause, Evidence, Note, Problem
from problems.panels import signatures_of, texts_of
from problems.services import caused
from problems.views.known_errors import check
from problems.writing.slots import PARTS, opened, slot_of
from tickets import clock
from tickets.models import Attachment, TimelineEntry
from tickets.shared.forms import MAX_TEXT
from tickets.workspace.drafting import Slot, forget, keep

#: So many lines of timelines are offered as evidence, the newest.
OFFERED = 60
#: So many problem managers are named to who may not write.
NAMED = 3


def find(user: User, number: str) -> Problem:
    """The problem, for staff who read internal notes. Raises Http404, PermissionDenied."""
    check(user)
    problem = Problem.objects.visible_to(user).filter(number=number).first()
    if problem is None:
        raise Http404
    return problem


class InvestigationView(SignedInView):
    """One record that several people write at once."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it; with ``format=json`` as data."""
        problem = find(request.user, number)
        if request.GET.get("format") == "json":
            answer = JsonResponse(record_of(problem), json_dumps_params={"ensure_ascii": False, "indent": 2})
            answer["Content-Disposition"] = f'attachment; filename="{problem.number}.json"'
            return answer
        return self._draw(problem)

    def post(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Write one part; what somebody wrote meanwhile is shown beside what was typed."""
        problem = find(request.user, number)
        if not rules.may_investigate(problem, request.user):
            raise PermissionDenied
        what = request.POST.get("what", "")
        writers = {
            "note": self._note,
            "evidence": self._evidence,
            "verdict": self._verdict,
            "causes": self._causes,
            "import": self._import,
        }
        if what not in writers:
            raise Http404
        try:
            anchor = writers[what](problem)
        except WrittenMeanwhile as error:
            typed = request.POST.get("text") or request.POST.get("reason") or ""
            kept = {"part": self._part(), "typed": typed, "theirs": error.theirs, "mark": error.mark}
            return self._refuse(problem, 409, kept, str(error.message))
        except OutlineError as error:
            text = _("Line %(line)d is no cause: one cause a line, two spaces deeper for its own.") % {
                "line": error.line
            }
            kept = {"part": self._part(), "typed": request.POST.get("text", ""), "theirs": "", "mark": self._mark()}
            return self._refuse(problem, 422, kept, text)
        answer = redirect(f"{reverse('problems:investigation', args=[problem.number])}#{anchor}")
        slot = self._slot(problem)
        if slot is None:
            return answer
        forget(request.user, slot)
        return answered(answer, slot.key)

    def _slot(self, problem: Problem) -> Slot | None:
        """The slot of the form that was sent; imports and verdicts have none."""
        part = self._part() or self.request.POST.get("kind", "")
        asked = self.request.POST.get("what") in ("note", "causes", "evidence") and part in PARTS
        return slot_of(problem, part).sent(self.request) if asked else None

    def _refuse(self, problem: Problem, status: int, kept: dict[str, str], message: str) -> HttpResponse:
        """Show what was typed beside what stands there; it is kept as a draft, too."""
        slot = self._slot(problem)
        if slot is not None:
            keep(self.request.user, slot, self.request.POST, clock.now())
        said = {**kept, "what": self.request.POST.get("what", ""), "message": message}
        answer = self._draw(problem, status=status, kept=said)
        return answered(answer, slot.key) if slot else answer

    def _part(self) -> str:
        return self.request.POST.get("part") or self.request.POST.get("method") or ""

    def _mark(self) -> str:
        return self.request.POST.get("mark", "")[:20]

    def _text(self, name: str = "text") -> str:
        return self.request.POST.get(name, "").replace("\r\n", "\n").strip()[:MAX_TEXT]

    def _note(self, problem: Problem) -> str:
        part = self._part()
        if part not in Note.Part.values:
            raise Http404
        version = int(self._mark()) if self._mark().isdecimal() else 0
        write_note(
            problem=problem, part=part, text=self._text(), version=version, user=self.request.user, now=clock.now()
        )
        return part

    def _evidence(self, problem: Problem) -> str:
        kind, text = self.request.POST.get("kind", ""), self._text()
        if kind not in Evidence.Kind.values:
            raise Http404
        key = self.request.POST.get("entry", "")
        entry = _entries(problem).filter(pk=key).first() if key.isdecimal() else None
        chosen = self.request.POST.get("file", "")
        file = _files(problem).filter(pk=chosen).first() if chosen.isdecimal() else None
        if text:
            add_evidence(
                problem=problem, kind=kind, text=text, user=self.request.user, now=clock.now(), entry=entry, file=file
            )
        return kind

    def _verdict(self, problem: Problem) -> str:
        key = self.request.POST.get("pk", "")
        row = Evidence.objects.filter(problem=problem, pk=key).first() if key.isdecimal() else None
        verdict, mark = self.request.POST.get("verdict", ""), self._mark()
        if row is None or verdict not in Evidence.Verdict.values:
            raise Http404
        version = int(mark) if mark.isdecimal() else 0
        judge(
            evidence=row,
            verdict=verdict,
            reason=self._text("reason"),
            version=version,
            user=self.request.user,
            now=clock.now(),
        )
        return "hypothesis"

    def _causes(self, problem: Problem) -> str:
        return self._store(problem, outline.parse(self.request.POST.get("text", "")))

    def _import(self, problem: Problem) -> str:
        try:
            data: Any = json.loads(self._text())
        except ValueError:
            raise OutlineError(1) from None
        if isinstance(data, dict):
            data = data.get("causes", data)
            data = data.get(self._part(), []) if isinstance(data, dict) else data
        return self._store(problem, outline.from_data(data))

    def _store(self, problem: Problem, nodes: list[Any]) -> str:
        method = self._part()
        if method not in Cause.Method.values:
            raise Http404
        write_causes(
            problem=problem, method=method, nodes=nodes, mark=self._mark(), user=self.request.user, now=clock.now()
        )
        return method

    def _draw(self, problem: Problem, status: int = 200, **more: Any) -> HttpResponse:
        may = rules.may_investigate(problem, self.request.user)
        context = {**record(problem), "may": may, "writers": "" if may else who_writes(problem), **more}
        drafts = opened(problem, self.request) if may else {}
        for part in context["parts"]:
            part["draft"] = draft = drafts.get(part["code"])
            part["overtaken"] = draft is not None and draft.typed and draft.mark != str(part["version"])
        context |= {f"{name}_draft": drafts.get(name) for name in ("whys", "fishbone", "evidence", "hypothesis")}
        return render(self.request, "problems/investigation.html", context, status=status)


def who_writes(problem: Problem) -> str:
    """Who may write here, and what must happen first while nobody investigates it."""
    managers = User.objects.active().holding(Permission.PROBLEM_MANAGE).order_by("username")[:NAMED]
    named = {"managers": ", ".join(one.display_name for one in managers) or "–"}
    people = [one for one in (problem.assignee, *problem.team.order_by("username")) if one is not None]
    writing = [*dict.fromkeys(one.display_name for one in people), *([str(problem.group)] if problem.group else [])]
    if not writing:
        return (
            _(
                "You read here. It has no owner yet: a problem manager (%(managers)s) assigns one first, who writes"
                " here with the analysis team."
            )
            % named
        )
    named["who"] = ", ".join(writing)
    return _("You read here. Those who investigate it write: %(who)s; and problem managers (%(managers)s).") % named


def record(problem: Problem) -> dict[str, Any]:
    """What the page and the printed record show. Eight queries."""
    notes = {note.part: note for note in Note.objects.filter(problem=problem).select_related("written_by")}
    rows = list(Evidence.objects.filter(problem=problem).select_related("written_by", "entry__ticket", "file"))
    trees = {method: tree_of(problem, method) for method in Cause.Method.values}
    texts = {method: outline.write(nodes) for method, nodes in trees.items()}
    bones = trees[Cause.Method.FISHBONE]
    return {
        "problem": problem,
        "parts": [
            {
                "code": code,
                "label": label,
                "note": notes.get(code),
                "version": notes[code].version if code in notes else 0,
            }
            for code, label in Note.Part.choices
        ],
        "evidence": [row for row in rows if row.kind == Evidence.Kind.EVIDENCE],
        "hypotheses": [row for row in rows if row.kind == Evidence.Kind.HYPOTHESIS],
        "verdicts": Evidence.Verdict.choices,
        "entries": _entries(problem).select_related("ticket")[:OFFERED],
        "files": _files(problem)[:OFFERED],
        "whys": chain(trees[Cause.Method.WHYS]),
        "whys_text": texts[Cause.Method.WHYS],
        "whys_mark": mark_of(texts[Cause.Method.WHYS]),
        "bones_text": texts[Cause.Method.FISHBONE],
        "bones_mark": mark_of(texts[Cause.Method.FISHBONE]),
        "drawing": draw(bones, problem.summary) if bones else None,
        "tall": draw_tall(bones, problem.summary) if bones else None,
        "texts": texts_of(problem),
        "approvals": signatures_of(problem),
    }


def chain(nodes: list[Any], depth: int = 0) -> list[dict[str, Any]]:
    """The whys in order, each with its depth."""
    found = []
    for node in nodes:
        found.append({"text": node.text, "is_root": node.is_root, "number": depth + 1})
        found += chain(node.children, depth + 1)
    return found


def _entries(problem: Problem) -> Any:
    """Lines with words on the problem and its incidents, the newest first."""
    tickets = [problem.pk, *caused(problem).values_list("pk", flat=True)]
    return TimelineEntry.objects.filter(ticket__in=tickets).exclude(text="").order_by("-at", "-id")


def _files(problem: Problem) -> Any:
    tickets = [problem.pk, *caused(problem).values_list("pk", flat=True)]
    return Attachment.objects.filter(ticket__in=tickets).order_by("-pk")


class PrintView(SignedInView):
    """The problem record (问题记录表) as one printable page (TKT-12)."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Show it; with ``format=pdf`` as a file."""
        problem, now = find(request.user, number), clock.now()
        said, incidents = record(problem), caused(problem).visible_to(request.user).for_rows().order_by("pk")
        if request.GET.get("format") == "pdf":
            answer = HttpResponse(record_pdf(problem, said, incidents, request.user, now), content_type=PDF)
            answer["Content-Disposition"] = f'attachment; filename="{problem.number}.pdf"'
            return answer
        context = {**said, "incidents": incidents, "now": now}
        return render(request, "problems/record.html", context)
