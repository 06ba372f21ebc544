"""Pages of items: the list, one item, making and changing it, its life, its relations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from cmdb import pages
from cmdb.authority import may_correct, may_edit
from cmdb.deciding.services import record_new
from cmdb.deciding.things import Thing, counts_of, find_thing
from cmdb.definitions import Definitions, as_called
from cmdb.forms import GroundForm, ItemForm, LifeForm, RelationForm
from cmdb.life import ORDER, STEPS, steps_for
from cmdb.listing import ItemList
from cmdb.merging.services import identity_of, survivor_of
from cmdb.models import ConfigurationItem, Relation
from cmdb.network.answers import impact_of
from cmdb.network.standing import is_service, standing_of
from cmdb.services import (
    Clash,
    NotAllowed,
    RelationRefused,
    Stale,
    Written,
    create_item,
    end_relations,
    update_item,
    write_relations,
)
from cmdb.sources.claims import others_said
from cmdb.sources.standing import others_said_of_relations
from cmdb.versioning.history import AT_ONCE, Line, Names, history_of
from cmdb.versioning.moments import NOW, Moment, MomentError, read_moment

RELATED = ("ci_class", "status", "business_system", "organisation", "default_group")

#: So many lines of history stand on the page of an item at first.
LINES = 30


class CmdbView(SignedInView):
    """A page for those who see items of every customer."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse others before anything is read."""
        if request.user.is_authenticated and not request.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


def moment_of(request: SignedInRequest) -> Moment:
    """The moment that an address asks about; now where it cannot be understood."""
    try:
        return read_moment(request.GET)
    except MomentError:
        messages.error(request, _("The moment in the address cannot be understood; this is how it is now."))
        return NOW


def find_item(user: User, pk: int) -> ConfigurationItem:
    """The item that ``user`` sees. Raises Http404."""
    found = ConfigurationItem.objects.visible_to(user).select_related(*RELATED).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def keep_out(user: User, allowed: bool) -> None:
    """Raise PermissionDenied unless ``allowed``."""
    if not allowed:
        raise PermissionDenied


class ListView(CmdbView):
    """All items."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show what the address asks for."""
        listing = ItemList(request.GET, request.user)
        context = listing.context()
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        context |= {
            "may_edit": may_edit(request.user),
            "may_manage": may_correct(request.user),
            "may_export": request.user.may(Permission.EXPORT),
            "export_url": reverse("cmdb:export") + query,
        }
        return render(request, "cmdb/list.html", context, status=400 if context["errors"] else 200)


class ItemView(CmdbView):
    """One item, now or at any moment."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show it; what was merged into another leads there, unless its past is asked for."""
        item = find_item(request.user, pk)
        if item.merged_into_id and not request.GET:
            survivor = survivor_of(item)
            text = _("%(item)s was merged into this item.") % {"item": item.identifier}
            messages.info(request, text)
            return redirect("cmdb:item", survivor.pk)
        return draw_item(request, item)


def draw_item(
    request: SignedInRequest, item: ConfigurationItem, *, relation_form: Any = None, status: int = 200
) -> HttpResponse:
    """The item's page; ``relation_form`` with its errors."""
    moment, user = moment_of(request), request.user
    definitions = Definitions(moment.defined_at)
    row = pages.item_at(item.pk, user, moment, definitions)
    edits = may_edit(user) and moment.is_now
    context = {
        "item": item,
        "row": row,
        "moment": moment,
        "at": moment.address(),
        "life": pages.life_of(row, ORDER, item) if row else [],
        "tone": pages.TONES.get(row.status_id, "neutral") if row else "neutral",
        "sections": pages.facts_of(row, definitions) if row else [],
        "claims": claims_of(item, moment, definitions),
        "survivor": survivor_of(item) if item.merged_into_id else None,
        "identity": identity_of(item),
        "kin": pages.relations_of(item.pk, user, moment, definitions),
        **history_part(request, history_of(item, Names(definitions), moment=moment)),
        "impact": impact_of([item.pk], user, moment=moment, limit=6) if row else None,
        "foundations": impact_of([item.pk], user, up=False, moment=moment, limit=6) if row else None,
        "standing": standing_of(item, user) if moment.is_now and is_service(item) else None,
        "confirmed": item.confirmations.select_related("by").first() if moment.is_now else None,
        "offers": pages.offers_for(item, user) if moment.is_now else [],
        "beside": pages.beside(item, user),
        "steps": steps_for(item.status_id, user) if edits else [],
        "discovered": counts_of(item) if edits else {},
        "may_edit": edits,
        "relation_form": relation_form or (RelationForm(user=user, prefix="relation") if edits else None),
    }
    return render(request, "cmdb/item.html", context, status=status)


def history_part(request: SignedInRequest, history: Sequence[Line]) -> dict[str, Any]:
    """As many lines as are asked for (``lines=``), and the address that shows older ones, too."""
    asked = request.GET.get("lines", "")
    shown = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else LINES
    params = request.GET.copy()
    params["lines"] = str(shown + AT_ONCE)
    lines = history[: shown + 1]
    return {"lines": lines[:shown], "older_url": f"?{params.urlencode()}" if len(lines) > shown else ""}


def claims_of(item: ConfigurationItem, moment: Moment, definitions: Definitions) -> list[dict[str, Any]]:
    """What other sources say of the item than its record does, in words."""
    names = Names(definitions)
    related = others_said_of_relations(item.pk, moment)
    as_called([line["relation"] for line in related], moment, definitions)
    return [
        {
            "label": definitions.label(line["claim"].field),
            "value": names.shown(line["claim"].field, line["claim"].value, item.ci_class_id) or _("nothing"),
            **line,
        }
        for line in others_said(item.pk, moment)
    ] + [{**line, "label": str(line["relation"]), "value": told_of_relation(line["claim"].value)} for line in related]


def told_of_relation(value: Any) -> str:
    """What a source says of a relation, in words."""
    if value is None:
        return _("does not hold")
    group, needed = value
    if not group:
        return pgettext("relation", "holds")
    return _("holds; of group %(group)s %(needed)d are enough") % {"group": group, "needed": needed}


class NewView(CmdbView):
    """A new item: its class first, then its form; prefilled with what a source saw, where it is about that."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the classes, or the form of the chosen one."""
        keep_out(request.user, may_edit(request.user))
        definitions, thing = Definitions(), thing_asked(request)
        code = request.GET.get("ci_class", "")
        if code not in definitions.classes:
            context = {"nodes": definitions.tree(), "thing": thing}
            return render(request, "cmdb/choose_class.html", context)
        form = ItemForm(user=request.user, class_code=code, initial=thing.initial(code) if thing else None)
        return draw_form(request, form, thing=thing)

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Record it, or show what is wrong."""
        keep_out(request.user, may_edit(request.user))
        code, thing = request.GET.get("ci_class", ""), thing_asked(request)
        if code not in Definitions().classes:
            raise Http404
        form = ItemForm(request.POST, user=request.user, class_code=code)
        if form.is_valid():
            said, stamp = form.cleaned_data, form.stamp(request.user)
            new = {"identifier": said["identifier"], "facts": said["facts"], "stamp": stamp}
            made = attempt(form, lambda: record_new(difference=thing.row, **new) if thing else create_item(**new))
            if made is not None:
                messages.success(request, _("%(item)s is recorded.") % {"item": made})
                return redirect("cmdb:item", made.pk)
        return draw_form(request, form, thing=thing, status=422)


def thing_asked(request: SignedInRequest) -> Thing | None:
    """What a source saw and nobody recorded, when the address names it (``seen=``); who decides about it may."""
    number = request.GET.get("seen", "")
    if not number:
        return None
    keep_out(request.user, may_correct(request.user))
    if thing := find_thing(number):
        return thing
    raise Http404


def attempt(form: Any, write: Any) -> Any:
    """What ``write`` gives; None when it is refused, with the reason in the form, where what was typed is kept."""
    try:
        return write()
    except (Clash, RelationRefused, NotAllowed) as error:
        beside = error.field in form.fields
        said = error.said if beside and isinstance(error, Clash) else str(error)
        form.add_error(error.field if beside else None, said)
    except Stale as error:
        form.add_error(None, str(error))
    return None


def tell_claims(request: SignedInRequest, done: Written) -> None:
    """Say which values were kept beside the record only."""
    if done.claimed:
        known = Definitions()
        names = ", ".join(sorted({known.label(name) for _identifier, name in done.claimed}))
        text = _("A stronger source holds %(names)s: what you typed is kept beside it, the record stays.")
        messages.warning(request, text % {"names": names})


def tell_relation(request: SignedInRequest, lost: list[Relation], text: str) -> None:
    """Say that it is done, or that it was kept beside the record only."""
    if lost:
        held = _("A stronger source holds this relation: what you said is kept beside it, the record stays.")
        messages.warning(request, held)
    else:
        messages.success(request, text)


def draw_form(
    request: SignedInRequest,
    form: ItemForm,
    *,
    item: ConfigurationItem | None = None,
    thing: Thing | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form of an item; of a new one that a source saw, with what was seen."""
    context = {
        "seen": thing.told(form) if thing else None,
        "form": form,
        "item": item,
        "class": form.definitions.classes[form.class_code],
        "back_url": reverse("cmdb:item", args=[item.pk]) if item else reverse("cmdb:list"),
    }
    return render(request, "cmdb/edit.html", context, status=status)


class EditView(CmdbView):
    """Changing what is said about an item."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show the form."""
        keep_out(request.user, may_edit(request.user))
        item = find_item(request.user, pk)
        latest = item.versions.order_by("-pk").values_list("pk", flat=True).first()
        form = ItemForm(user=request.user, class_code=item.ci_class_id, item=item, initial={"seen": latest})
        return draw_form(request, form, item=item)

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Write what differs, or show what is wrong; what was typed is kept."""
        keep_out(request.user, may_edit(request.user))
        item = find_item(request.user, pk)
        form = ItemForm(request.POST, user=request.user, class_code=item.ci_class_id, item=item)
        if form.is_valid():
            said, stamp = form.cleaned_data, form.stamp(request.user)
            done = attempt(form, lambda: update_item(item=item, facts=said["facts"], stamp=stamp, seen=said["seen"]))
            if done is not None:
                messages.success(request, _("Saved.") if done.versions else _("Nothing differs; nothing was written."))
                tell_claims(request, done)
                return redirect("cmdb:item", pk)
        return draw_form(request, form, item=item, status=422)


class LifeView(CmdbView):
    """A step in an item's life."""

    def get(self, request: SignedInRequest, pk: int, name: str) -> HttpResponse:
        """Ask for its ground."""
        return self._draw(request, pk, name, LifeForm(user=request.user))

    def post(self, request: SignedInRequest, pk: int, name: str) -> HttpResponse:
        """Take it."""
        item, form = find_item(request.user, pk), LifeForm(request.POST, user=request.user)
        step = STEPS.get(name)
        if step is None or not may_edit(request.user):
            raise PermissionDenied
        if not step.allowed(item.status_id, request.user):
            messages.error(request, _("This step is not possible from “%(state)s”.") % {"state": item.status})
            return redirect("cmdb:item", pk)
        if form.is_valid():
            stamp = form.stamp(request.user)
            done = attempt(form, lambda: update_item(item=item, facts={"status_id": step.target}, stamp=stamp))
            if done is not None:
                messages.success(request, _("%(item)s: %(step)s.") % {"item": item.identifier, "step": step.label})
                return redirect("cmdb:differences") if "decided" in request.GET else redirect("cmdb:item", pk)
        return self._draw(request, pk, name, form, status=422)

    def _draw(self, request: SignedInRequest, pk: int, name: str, form: GroundForm, status: int = 200) -> HttpResponse:
        item, step = find_item(request.user, pk), STEPS.get(name)
        if step is None or not step.allowed(item.status_id, request.user):
            raise PermissionDenied
        hit = impact_of([item.pk], request.user, limit=8) if step.source[-1:] and step.target != "in_use" else None
        context = {"item": item, "step": step, "form": form, "impact": hit}
        return render(request, "cmdb/life.html", context, status=status)


class RelateView(CmdbView):
    """A new relation."""

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Make it, or show what is wrong."""
        keep_out(request.user, may_edit(request.user))
        item = find_item(request.user, pk)
        form = RelationForm(request.POST, user=request.user, prefix="relation")
        link, lost = form.link(item, request.user), list[Relation]()
        if link and attempt(form, lambda: write_relations([link], form.stamp(request.user), lost=lost) + 1):
            tell_relation(request, lost, _("The relation is recorded."))
            return redirect("cmdb:item", pk)
        return draw_item(request, item, relation_form=form, status=422)


class UnrelateView(CmdbView):
    """The end of a relation."""

    def get(self, request: SignedInRequest, pk: int, relation: int) -> HttpResponse:
        """Ask for its ground."""
        return self._draw(request, pk, relation, GroundForm(user=request.user))

    def post(self, request: SignedInRequest, pk: int, relation: int) -> HttpResponse:
        """End it."""
        row, form = self._find(request, pk, relation), GroundForm(request.POST, user=request.user)
        if form.is_valid():
            stamp = form.stamp(request.user)
            lost: list[Relation] = []
            if attempt(form, lambda: end_relations([row], stamp, lost=lost) + 1):
                tell_relation(request, lost, _("The relation has ended."))
                return redirect("cmdb:item", pk)
        return self._draw(request, pk, relation, form, status=422)

    @staticmethod
    def _find(request: SignedInRequest, pk: int, relation: int) -> Relation:
        keep_out(request.user, may_edit(request.user))
        item = find_item(request.user, pk)
        rows = Relation.objects.filter(pk=relation, active=True).select_related("source", "target", "relation_type")
        row = rows.first()
        if row is None or item.pk not in (row.source_id, row.target_id):
            raise Http404
        return row

    def _draw(
        self, request: SignedInRequest, pk: int, relation: int, form: GroundForm, status: int = 200
    ) -> HttpResponse:
        row = self._find(request, pk, relation)
        context = {"relation": row, "form": form, "item": find_item(request.user, pk)}
        return render(request, "cmdb/unrelate.html", context, status=status)
