"""Finding what an edit of a configuration item may set."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from accounts.http import SignedInRequest, SignedInView
from changes.prepared.forms import choices_of, class_after
from changes.prepared.models import PreparedEdit
from changes.prepared.queries import brought_by
from changes.schedule.views import find_change
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem


class FindAttributesView(SignedInView):
    """Attributes that an item has by its class, or by the one that the change prepares for it."""

    def get(self, request: SignedInRequest, number: str) -> HttpResponse:
        """Answer ``{results: [{value, text}]}`` for the item named ``item``: all whose name has the words ``q``."""
        change = find_change(request, number)
        identifier, words = request.GET.get("item", ""), request.GET.get("q", "").strip().casefold()
        found = ConfigurationItem.objects.visible_to(request.user).filter(identifier=identifier).first()
        item = found or brought_by(change.pk).get(identifier)
        if item is None:
            return JsonResponse({"results": []})
        code = class_after(PreparedEdit.objects.filter(change=change.pk), item)
        pairs = [pair for pair in choices_of(Definitions(), code) if words in " ".join(pair).casefold()]
        return JsonResponse({"results": [{"value": value, "text": text} for value, text in pairs]})
