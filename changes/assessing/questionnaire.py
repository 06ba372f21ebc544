"""Publishing the questionnaire: each save is a new version; assessments keep theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from changes.assessing.models import Questionnaire, QuestionnaireVersion, RiskAnswer, RiskQuestion

#: Names of the fields of a form that hold an answer begin with it.
PREFIX = "answer_"
FACTS = ("services", "redundancy", "trading", "similar")


def current() -> QuestionnaireVersion | None:
    """The newest version; None where nothing was ever published."""
    return QuestionnaireVersion.objects.first()


@transaction.atomic
def publish(*, questionnaire: Questionnaire, by: User | None, now: datetime) -> QuestionnaireVersion | None:
    """Store it as its next version; None when nothing changed. Idempotent."""
    Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)
    content, newest = as_content(questionnaire), current()
    if newest is not None and newest.content == content:
        return None
    number = newest.number + 1 if newest else 1
    return QuestionnaireVersion.objects.create(
        questionnaire=questionnaire, number=number, content=content, made_by=by, made_at=now
    )


def as_content(questionnaire: Questionnaire) -> dict[str, Any]:
    """{medium_from, high_from, facts: {code: weight}, questions: [{code, zh, en, weight, answers}]}."""
    questions = questionnaire.questions.filter(active=True).prefetch_related("answers")
    return {
        "medium_from": questionnaire.medium_from,
        "high_from": questionnaire.high_from,
        "facts": {code: getattr(questionnaire, f"weight_{code}") for code in FACTS},
        "questions": [_question(one) for one in questions if one.answers.all()],
    }


def _question(one: RiskQuestion) -> dict[str, Any]:
    answers = [{"points": row.points, "zh": row.name_zh, "en": row.name_en} for row in one.answers.all()]
    return {"code": one.code, "zh": one.name_zh, "en": one.name_en, "weight": one.weight, "answers": answers}


@transaction.atomic
def load_questionnaire(data: dict[str, Any], *, at: datetime) -> int:
    """Add the shipped questionnaire where there is none; it belongs to the administrators then. How many rows."""
    if Questionnaire.objects.exists():
        return 0
    made = Questionnaire.objects.create(medium_from=data["medium_from"], high_from=data["high_from"])
    for position, row in enumerate(data["questions"], start=1):
        names = {"name_zh": row["zh"], "name_en": row["en"], "weight": row["weight"], "position": position}
        question = RiskQuestion.objects.create(questionnaire=made, code=row["code"], **names)
        RiskAnswer.objects.bulk_create(
            RiskAnswer(question=question, points=one["points"], name_zh=one["zh"], name_en=one["en"])
            for one in row["answers"]
        )
    publish(questionnaire=made, by=None, now=at)
    return 1 + len(data["questions"])
