"""Pages of the model: classes in their tree, the attributes of each; the configuration manager's (CMDB-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from cmdb.authority import may_correct
from cmdb.class_forms import AttributeForm, ClassForm, DefinitionForm
from cmdb.defining.changes import Looped, keep_attribute, keep_class
from cmdb.defining.history import told_versions
from cmdb.defining.keeping import Overtaken
from cmdb.defining.preview import Preview
from cmdb.definitions import Definitions
from cmdb.models import Attribute, CIClass
from cmdb.services import Clash
from cmdb.views.items import CmdbView, keep_out
from cmdb.writing import is_controlled


class ManagedView(CmdbView):
    """A page of the configuration manager."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse others."""
        if request.user.is_authenticated:
            keep_out(request.user, may_correct(request.user))
        return super().dispatch(request, *args, **kwargs)


class ClassesView(ManagedView):
    """All classes, and a new one."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show the tree."""
        return self._draw(request, ClassForm())

    def post(self, request: SignedInRequest) -> HttpResponse:
        """Add a class, or an attribute of every class."""
        if "add" in request.POST:
            return self._add(request)
        form = ClassForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, status=422)
        made = form.save(commit=False)
        if not kept(form, lambda: keep_class(made, request.user)):
            return self._draw(request, form, status=422)
        messages.success(request, _("The class is added."))
        return redirect("cmdb:class", made.pk)

    def _add(self, request: SignedInRequest) -> HttpResponse:
        form = AttributeForm(request.POST, instance=Attribute(), prefix="attribute")
        if not form.is_valid():
            return self._draw(request, ClassForm(), attribute=form, status=422)
        preview = form.preview()
        if not preview.agreed(request.POST.get("confirmed", "")):
            return self._draw(request, ClassForm(), attribute=form, preview=preview)
        keep_attribute(form.save(commit=False), request.user)
        messages.success(request, _("The attribute is there: in forms, lists, filters, imports and the API."))
        return redirect("cmdb:classes")

    @staticmethod
    def _draw(
        request: SignedInRequest,
        form: ClassForm,
        *,
        attribute: Any = None,
        preview: Preview | None = None,
        status: int = 200,
    ) -> HttpResponse:
        known = Definitions()
        rows = [{"node": node, "attributes": len(known.of(node.ci_class.pk))} for node in known.tree()]
        common = [row for row in known.attributes if row.ci_class_id is None]
        context = {
            "rows": rows,
            "form": form,
            "common": common,
            "attribute_form": attribute or AttributeForm(instance=Attribute(), prefix="attribute"),
            "preview": preview,
        }
        return render(request, "cmdb/classes.html", context, status=status)


class ClassView(ManagedView):
    """One class: its names and plan, its attributes with the inherited ones, a new attribute."""

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Show it."""
        return self._draw(request, find_class(code))

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Change the class, or add an attribute to it."""
        ci_class = find_class(code)
        if "add" in request.POST:
            return self._add(request, ci_class)
        form = ClassForm(request.POST, instance=find_class(code))
        if not form.is_valid():
            return self._draw(request, ci_class, form=form, status=422)
        preview = form.preview()
        if not preview.agreed(request.POST.get("confirmed", "")):
            return self._draw(request, ci_class, form=form, preview=preview)
        if not kept(form, lambda: keep_class(form.save(commit=False), request.user)):
            return self._draw(request, ci_class, form=form, status=422)
        messages.success(request, _("Saved."))
        return redirect("cmdb:class", code)

    def _add(self, request: SignedInRequest, ci_class: CIClass) -> HttpResponse:
        form = AttributeForm(request.POST, instance=Attribute(ci_class=ci_class), prefix="attribute")
        if not form.is_valid():
            return self._draw(request, ci_class, attribute=form, status=422)
        preview = form.preview()
        if not preview.agreed(request.POST.get("confirmed", "")):
            return self._draw(request, ci_class, attribute=form, attribute_preview=preview)
        keep_attribute(form.save(commit=False), request.user)
        messages.success(request, _("The attribute is there: in forms, lists, filters, imports and the API."))
        return redirect("cmdb:class", ci_class.pk)

    @staticmethod
    def _draw(
        request: SignedInRequest,
        ci_class: CIClass,
        *,
        form: Any = None,
        attribute: Any = None,
        status: int = 200,
        **previews: Preview,
    ) -> HttpResponse:
        known = Definitions()
        context = {
            **previews,
            "versions": told_versions(ci_class),
            "class": ci_class,
            "form": form or ClassForm(instance=ci_class),
            "attribute_form": attribute or AttributeForm(instance=Attribute(ci_class=ci_class), prefix="attribute"),
            "attributes": known.of(ci_class.pk, retired=True).values(),
            "controlled": {code for code in known.of(ci_class.pk) if is_controlled(known, ci_class.pk, code)},
            "above": [known.classes[above] for above in reversed(known.above(ci_class.pk)[1:])],
        }
        return render(request, "cmdb/class.html", context, status=status)


def kept(form: DefinitionForm, keep: Callable[[], None]) -> bool:
    """Whether it is kept; else the form says why: somebody wrote what stands against it meanwhile."""
    try:
        with transaction.atomic():
            form.check_read()
            keep()
    except (Clash, Looped, Overtaken) as error:
        form.add_error(None, str(error))
        return False
    return True


def find_class(code: str) -> CIClass:
    """The class. Raises Http404."""
    found = CIClass.objects.filter(pk=code).first()
    if found is None:
        raise Http404
    return found


class AttributeView(ManagedView):
    """One attribute: renamed, retyped or retired; values that are stored stay."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Show the form."""
        return self._draw(request, AttributeForm(instance=find_attribute(pk)))

    def post(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Say what would follow, then change it when that was seen."""
        form = AttributeForm(request.POST, instance=find_attribute(pk))
        if not form.is_valid():
            return self._draw(request, form, status=422)
        preview = form.preview()
        if not preview.agreed(request.POST.get("confirmed", "")):
            return self._draw(request, form, preview=preview)
        made = form.save(commit=False)
        if not kept(form, lambda: keep_attribute(made, request.user)):
            return self._draw(request, form, status=422)
        messages.success(request, _("Saved."))
        return redirect("cmdb:class", made.ci_class_id) if made.ci_class_id else redirect("cmdb:classes")

    @staticmethod
    def _draw(
        request: SignedInRequest, form: AttributeForm, *, preview: Preview | None = None, status: int = 200
    ) -> HttpResponse:
        attribute = find_attribute(form.instance.pk)
        versions = told_versions(attribute)
        context = {"form": form, "attribute": attribute, "preview": preview, "versions": versions}
        return render(request, "cmdb/attribute.html", context, status=status)


def find_attribute(pk: int) -> Attribute:
    """The attribute. Raises Http404."""
    found = Attribute.objects.select_related("ci_class").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
