"""Whether a policy can ever be decided: what is wrong with it is said where it was typed, and stops its publishing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from approvals.policy.models import Policy, PolicyDecider, PolicyStep, Rule
from approvals.questions import Question, question_of


@dataclass(frozen=True)
class Fault:
    """What is wrong with ``field`` of ``row``, for people."""

    row: Policy | PolicyStep | PolicyDecider
    field: str
    text: str


def faults_of(policy: Policy) -> list[Fault]:
    """What is wrong with ``policy`` as it is stored."""
    steps, deciders = list(policy.steps.all()), list(policy.deciders.all())
    return [*faults_of_case(policy), *faults_of_steps(policy, steps, deciders)]


def faults_of_case(policy: Policy) -> Iterator[Fault]:
    """A question that its kind does not have; a grade or risk that no ticket of it has, so that it never counts."""
    try:
        question = question_of(policy.kind, policy.purpose)
    except KeyError:
        yield Fault(policy, "purpose", _("Tickets of this kind do not have this question."))
        return
    if policy.grade and policy.grade not in dict(question.grades()):
        yield Fault(policy, "grade", _("This question does not have this grade."))
    if policy.risk and policy.risk not in dict(question.risks()):
        yield Fault(policy, "risk", _("This question does not have this risk."))


def faults_of_steps(policy: Policy, steps: Sequence[PolicyStep], deciders: Sequence[PolicyDecider]) -> Iterator[Fault]:
    """Steps that nobody could pass, and deciders whom nobody would ask."""
    if not steps:
        yield Fault(policy, "", _("A policy needs at least one step."))
    for step in steps:
        yield from _faults_of_step(step, [one for one in deciders if one.step == step.position])
    positions = {step.position for step in steps}
    for one in deciders:
        if one.step not in positions:
            yield Fault(one, "step", _("There is no step %(step)d.") % {"step": one.step})


def _faults_of_step(step: PolicyStep, deciders: Sequence[PolicyDecider]) -> Iterator[Fault]:
    said: dict[str, Any] = {"step": step.position, "needed": step.needed, "places": len(deciders)}
    if not deciders:
        yield Fault(step, "position", _("Nobody decides step %(step)d: name a decider for it below.") % said)
    elif step.rule == Rule.SOME and step.needed > len(deciders) and not any(one.each for one in deciders):
        text = _("%(needed)d of step %(step)d must approve, but only %(places)d decide it.")
        yield Fault(step, "needed", text % said)
    if step.remind_hours > step.due_hours:
        yield Fault(step, "remind_hours", _("The reminder must not come later than it is due."))


def choices_among(questions: Iterable[Question], name: str) -> list[Any]:
    """The grades or risks (``name``) of ``questions`` as choices, those of a question under its label."""
    groups = [(str(question.label), list(getattr(question, name)())) for question in questions]
    return [("", "---------"), *(group for group in groups if group[1])]
