"""Administration of the risk questionnaire: each save is a new version."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.administration.base import PortalAdmin, RecordOnly
from changes.assessing.models import Questionnaire, QuestionnaireVersion, RiskAnswer, RiskQuestion
from changes.assessing.questionnaire import publish
from tickets import clock


class RiskAnswerInline(admin.TabularInline):
    """Answers with their points."""

    model = RiskAnswer
    extra = 0


@admin.register(RiskQuestion)
class RiskQuestionAdmin(PortalAdmin):
    """Questions; who saves one publishes the questionnaire anew."""

    list_display = ("code", "name_zh", "name_en", "weight", "position", "active")
    list_filter = ("active",)
    search_fields = ("code", "name_zh", "name_en")
    inlines = (RiskAnswerInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is chosen once."""
        return ("code",) if obj else ()

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Publish what was saved, answers and all."""
        super().save_related(request, form, formsets, change)
        publish(questionnaire=form.instance.questionnaire, by=request.user, now=clock.now())

    def delete_model(self, request: Any, obj: Any) -> None:
        """As when it is saved."""
        questionnaire = obj.questionnaire
        super().delete_model(request, obj)
        publish(questionnaire=questionnaire, by=request.user, now=clock.now())


@admin.register(Questionnaire)
class QuestionnaireAdmin(PortalAdmin):
    """Bands and weights of the one questionnaire."""

    list_display = ("code", "medium_from", "high_from")
    readonly_fields = ("code",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The one there is was shipped."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays."""
        return False

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Publish what was saved."""
        super().save_model(request, obj, form, change)
        publish(questionnaire=obj, by=request.user, now=clock.now())


@admin.register(QuestionnaireVersion)
class QuestionnaireVersionAdmin(RecordOnly, PortalAdmin):
    """What was asked, and since when. To read only."""

    list_display = ("number", "made_by", "made_at")
    list_select_related = ("made_by",)
