"""Sources in the API: their ranking, withdrawing one, what others say of an item than its record (CMDB-04)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import KEY, MOMENT_PARAMETERS, TAG, Conflict, ItemView, moment_of
from cmdb.authority import NotAllowed, may_correct
from cmdb.definitions import as_called
from cmdb.models import ItemJob, SourceRanking, SourceWithdrawal
from cmdb.sources.claims import others_said
from cmdb.sources.forms import RankingForm, WithdrawForm, known_sources
from cmdb.sources.jobs import is_large, queue_put_back, queue_withdrawal
from cmdb.sources.ranking import keep_ranking
from cmdb.sources.standing import others_said_of_relations
from cmdb.sources.withdrawing import NotWithdrawn, preview, put_back, withdraw
from cmdb.writing import Clash
from itsm.api.fields import PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, READ_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

_NAME = {"type": "string", "maxLength": 40}
_RANKING_BODY = {
    "type": "object",
    "properties": {
        "ci_class": {"type": "string", "description": "Empty: every class."},
        "field": {**_NAME, "description": "Empty: every field."},
        "sources": {"type": "array", "items": _NAME, "description": "The strongest first; empty: the latest wins."},
    },
    "required": ["sources"],
    "additionalProperties": False,
}
_WITHDRAWAL_BODY = {
    "type": "object",
    "properties": {
        "source": _NAME,
        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
        "check": {"type": "boolean", "description": "Only say what would change."},
    },
    "required": ["source", "reason"],
    "additionalProperties": False,
}


class SourceRankingSerializer(serializers.Serializer):
    """Which sources win of a class and field; null: of every one."""

    ci_class = serializers.CharField(source="ci_class_id", allow_null=True)
    field = serializers.CharField()
    sources = serializers.ListField(child=serializers.CharField(), help_text="The strongest first.")


class SourceWithdrawalSerializer(serializers.Serializer):
    """A source that is not believed, from its beginning until ``at``."""

    id = serializers.IntegerField(allow_null=True, help_text="None when it was only checked.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field called so
    reason = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    by = PersonField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Items, values and relations that changed; items retired."
    )


class SourceJobSerializer(serializers.Serializer):
    """A large withdrawal, or its taking back, that a worker reckons."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.CharField(help_text="withdraw or put_back.")
    source = serializers.CharField(source="name")  # type: ignore[assignment]  # a field called so
    by = PersonField()
    state = serializers.ChoiceField(choices=ItemJob.State.choices)
    stage = serializers.CharField()
    done = serializers.IntegerField(help_text="Items, then relations, of the stage that are done.")
    total = serializers.IntegerField()
    message = serializers.CharField(source="outcome.message", default="", help_text="Why nothing was written.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    url = serializers.SerializerMethodField(help_text="Where to look how far it is.")

    def get_url(self, job: ItemJob) -> str:
        """Its own address."""
        return reverse("api:item-source-job", args=[job.pk])


class SourcesSerializer(serializers.Serializer):
    """Where values come from."""

    sources = serializers.ListField(child=serializers.CharField())
    rankings = SourceRankingSerializer(many=True)
    withdrawals = SourceWithdrawalSerializer(many=True)


class ClaimSerializer(serializers.Serializer):
    """What a source says of a field otherwise than it is recorded."""

    field = serializers.CharField(source="claim.field", help_text="Empty when it is about a relation.")
    relation = serializers.CharField(
        source="told", default="", help_text="The relation that it is about; value: [group, needed], null: none."
    )
    source = serializers.CharField(source="claim.source")  # type: ignore[assignment]  # a field called so
    value = serializers.JSONField(source="claim.value", allow_null=True)
    since = serializers.DateTimeField(source="claim.since")
    at = serializers.DateTimeField(source="claim.at")
    holder = serializers.CharField(help_text="The source whose value is recorded.")


class SourcesView(ApiView):
    """Sources, how they are ranked, which are withdrawn."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request) -> Response:
        """All of it."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        data = {
            "sources": known_sources(),
            "rankings": SourceRanking.objects.exclude(sources=[]),
            "withdrawals": SourceWithdrawal.objects.select_related("by"),
        }
        return Response(SourcesSerializer(data, context={"request": request}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="item_sources_read", tag=TAG, summary=_("Read where values come from"), response=SourcesSerializer
        )


class ManagingView(ApiView):
    """Something of the configuration manager's, once for one key."""

    http_method_names: tuple[str, ...] = ("post", "options")
    writes = ApiToken.Scope.CMDB_WRITE

    def once(self, request: Request, write: Callable[[], Response]) -> Response:
        """Refuse others; answer a repeated request as before."""
        if not may_correct(self.user):
            raise PermissionDenied
        return answer_once(request, write)


def refused(write: Callable[[], Any]) -> Any:
    """What ``write`` gives. Raises Conflict with the reason when things stand against it."""
    try:
        return write()
    except (NotWithdrawn, NotAllowed, Clash) as error:
        raise Conflict(str(error)) from error


class RankingsView(ManagingView):
    """Ranks sources."""

    def post(self, request: Request) -> Response:
        """From now on."""
        return self.once(request, lambda: self._rank(request))

    def _rank(self, request: Request) -> Response:
        body = dict(request.data)
        errors = unknown(body, ("ci_class", "field", "sources"))
        sources = body.get("sources")
        if not isinstance(sources, list) or not all(isinstance(name, str) for name in sources):
            errors["sources"] = [_("A list of texts is expected.")]
        errors |= _not_texts(body, ("ci_class", "field"))
        if errors:
            raise ValidationError(errors)
        form = RankingForm({**body, "sources": "\n".join(body["sources"])})
        if not form.is_valid():
            raise ValidationError({name: list(map(str, texts)) for name, texts in form.errors.items()})
        said = form.cleaned_data
        row = keep_ranking(
            ci_class=said["ci_class"] or None, field=said["field"], sources=said["sources"], by=self.user
        )
        return Response(SourceRankingSerializer(row).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="item_sources_rank",
            tag=TAG,
            summary=_("Rank sources of a class and field"),
            request={"application/json": _RANKING_BODY},
            response=SourceRankingSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


def _not_texts(body: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, list[str]]:
    wrong = [name for name in names if body.get(name) is not None and not isinstance(body[name], str)]
    return {name: [_("A text is expected.")] for name in wrong}


class WithdrawalsView(ManagingView):
    """Withdraws a source, or says what would follow."""

    def post(self, request: Request) -> Response:
        """What it said until now is not believed."""
        return self.once(request, lambda: self._withdraw(request))

    def _withdraw(self, request: Request) -> Response:
        body = dict(request.data)
        errors = unknown(body, ("source", "reason", "check")) | _not_texts(body, ("source", "reason"))
        if not isinstance(body.get("check", False), bool):
            errors["check"] = [_("True or false is expected.")]
        form = WithdrawForm({"reason": body.get("reason") or ""})
        if not errors and not form.is_valid():
            errors["reason"] = [str(text) for text in form.errors["reason"]]
        source = body.get("source")
        if not errors and source not in known_sources():
            errors["source"] = [_("“%(value)s” is not known.") % {"value": str(source or "")[:60]}]
        if errors:
            raise ValidationError(errors)
        reason = form.cleaned_data["reason"]
        if body.get("check"):
            counts = refused(lambda: preview(str(source), self.user)).counts()
            run: Any = {"id": None, "source": source, "reason": reason, "counts": counts}
            run |= {"at": None, "by": self.user, "undone_at": None}
        elif is_large(str(source)):
            return _queued(queue_withdrawal(source=str(source), reason=reason, by=self.user))
        else:
            run = refused(lambda: withdraw(source=str(source), reason=reason, by=self.user))
        return Response(SourceWithdrawalSerializer(run, context={"request": request}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="item_sources_withdraw",
            tag=TAG,
            summary=_("Withdraw a source: what was before it holds again"),
            request={"application/json": _WITHDRAWAL_BODY},
            response=SourceWithdrawalSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


def _queued(job: ItemJob) -> Response:
    """A worker reckons it: where to look how far it is."""
    body = SourceJobSerializer(job).data
    return Response(body, status=202, headers={"Location": body["url"]})


class SourceJobView(ApiView):
    """A withdrawal that a worker reckons."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request, pk: int) -> Response:
        """How far it is."""
        if not may_correct(self.user):
            raise PermissionDenied
        job = ItemJob.objects.filter(kind__in=ItemJob.OF_SOURCES, pk=pk).select_related("by").first()
        if job is None:
            raise Http404
        return Response(SourceJobSerializer(job).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="item_source_jobs_read",
            tag=TAG,
            summary=_("How far the withdrawal of a source is"),
            response=SourceJobSerializer,
            path={"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
        )


class PutBackView(ManagingView):
    """Believes a source again."""

    def post(self, request: Request, pk: int) -> Response:
        """What it had said holds again, unless others spoke since whom it does not stand above."""
        return self.once(request, lambda: self._put_back(request, pk))

    def _put_back(self, request: Request, pk: int) -> Response:
        run = SourceWithdrawal.objects.filter(pk=pk).first()
        if run is None:
            raise Http404
        if is_large(run.source, back=True):
            return _queued(queue_put_back(run=run, by=self.user))
        refused(lambda: put_back(run=run, by=self.user))
        run.refresh_from_db()
        return Response(SourceWithdrawalSerializer(run, context={"request": request}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="item_sources_put_back",
            tag=TAG,
            summary=_("Believe a withdrawn source again"),
            response=SourceWithdrawalSerializer,
            errors=CREATE_ERRORS,
            path={"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
            parameters=(IDEMPOTENCY_KEY,),
        )


class ClaimsView(ItemView):
    """What other sources say of an item."""

    def get(self, request: Request, key: str) -> Response:
        """The last word of each source that differs from the record."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        moment = moment_of(request)
        item = self.key(key, moment)
        kin = others_said_of_relations(item, moment)
        as_called([line["relation"] for line in kin], moment)
        rows = [*others_said(item, moment), *({**line, "told": str(line["relation"])} for line in kin)]
        return Response({"results": ClaimSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_claims",
            tag=TAG,
            summary=_("Read what other sources say of a configuration item"),
            response=list_serializer(ClaimSerializer),
            path={"key": KEY},
            parameters=MOMENT_PARAMETERS,
            errors=READ_ERRORS,
        )


routes = [
    path("items/sources/", SourcesView.as_view(), name="item-sources"),
    path("items/sources/rankings/", RankingsView.as_view(), name="item-source-rankings"),
    path("items/sources/withdrawals/", WithdrawalsView.as_view(), name="item-source-withdrawals"),
    path("items/sources/jobs/<int:pk>/", SourceJobView.as_view(), name="item-source-job"),
    path("items/sources/withdrawals/<int:pk>/undo/", PutBackView.as_view(), name="item-source-put-back"),
    path("items/<key:key>/claims/", ClaimsView.as_view(), name="item-claims"),
]
