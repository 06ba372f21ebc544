"""Bases of all endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_filters import FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts.models import ApiToken, User
from itsm.api.operations import Operation
from itsm.web.paging import (
    COUNT_CAP,
    DEFAULT_SIZE,
    MAX_SIZE,
    Ordering,
    PagingError,
    capped_count,
    page_of,
    parse_ordering,
)

PAGING = ("ordering", "cursor", "page_size", "count")


class ApiView(APIView):
    """An endpoint. ``reads`` and ``writes`` are the scopes a token needs, empty for any;
    ``query`` what may follow the ``?``; ``sorts`` what a paged answer can be sorted by.
    """

    reads: ClassVar[str] = ApiToken.Scope.TICKETS_READ
    writes: ClassVar[str] = ApiToken.Scope.TICKETS_WRITE
    query: ClassVar[tuple[str, ...]] = ()
    sorts: ClassVar[Mapping[str, Ordering]] = {}
    #: Whether ``If-Match`` is looked at; where it is not, sending it is refused, for nobody may rely on it.
    honours_if_match: ClassVar[bool] = False

    def operation(self, method: str) -> Operation | None:
        """How the description of the API shows ``method`` (lower case); None hides it."""
        return None

    @property
    def user(self) -> User:
        """Who asks: permissions have seen to it that somebody is signed in."""
        return self.request.user  # type: ignore[return-value]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Set language and time zone, check who asks, refuse unknown parameters."""
        timezone.activate(timezone.get_fixed_timezone(0))
        super().initial(request, *args, **kwargs)
        if "Accept-Language" in request.headers:
            translation.activate(translation.get_language_from_request(request._request))
        elif getattr(request.user, "language", ""):
            translation.activate(self.user.language)
        refuse_unknown(request, self.known_parameters())
        asked = request.headers.get("If-Match", "*").strip() != "*"
        if asked and request.method not in SAFE_METHODS and not self.honours_if_match:
            raise ValidationError({"If-Match": [_("Nothing here has versions; leave this header out.")]})

    def known_parameters(self) -> tuple[str, ...]:
        """Names that may follow the ``?``."""
        return self.query


class NotFoundView(APIView):
    """Every address below ``/api/`` that nobody answers. Says so without asking who it is."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Any method, any content."""
        raise Http404


class ListView(ApiView):
    """A list with filters, order and keyset paging."""

    filters: ClassVar[type[FilterSet]] = FilterSet
    default_order: ClassVar[str] = ""
    serializer: ClassVar[type[BaseSerializer]] = BaseSerializer

    def rows(self, request: Request) -> QuerySet[Any]:
        """What the person may see at all."""
        raise NotImplementedError

    def serializer_class(self) -> type[BaseSerializer]:
        """How a row reads."""
        return self.serializer

    def sorts_for_reader(self) -> Mapping[str, Ordering]:
        """What the person who asks may sort by."""
        return self.sorts

    def known_parameters(self) -> tuple[str, ...]:
        """The filters, and those of paging."""
        return (*self.filters.base_filters, *PAGING)

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of the list."""
        found = filtered(self.filters, request, self.rows(request))
        return Response(
            paged(
                request, found, self.sorts_for_reader(), self.default_order, self.to_data, self.most_counted(request)
            )
        )

    def most_counted(self, request: Request) -> int | None:
        """Where counting stops; None where every row is counted."""
        return COUNT_CAP

    def to_data(self, rows: list[Any]) -> list[Any]:
        """The rows of a page as data."""
        serializer = self.serializer_class()(rows, many=True, context={"request": self.request})
        return serializer.data


def refuse_unknown(request: Request, known: tuple[str, ...]) -> None:
    """Raise ValidationError for parameters that are misspelt, doubled where one counts, or cannot be stored."""
    names = ", ".join(known) or _("none")
    message = _("Unknown parameter; possible: %(names)s.") % {"names": names}
    errors = {name: [message] for name in request.query_params if name not in known}
    for name, values in request.query_params.lists():
        if any("\0" in value for value in values):
            errors[name] = [_("NUL characters are not accepted.")]
    if errors:
        raise ValidationError({name.replace("\0", ""): texts for name, texts in errors.items()})


def filtered(filters: type[FilterSet], request: Request, found: QuerySet[Any]) -> QuerySet[Any]:
    """Narrow ``found`` by the request's parameters. Raises ValidationError by parameter."""
    narrowed = filters(request.query_params, queryset=found, request=request)
    if not narrowed.is_valid():
        raise ValidationError({name: list(texts) for name, texts in narrowed.errors.items()})
    return narrowed.qs


def paged(
    request: Request,
    found: QuerySet[Any],
    sorts: Mapping[str, Ordering],
    default: str,
    to_data: Any,
    cap: int | None = COUNT_CAP,
) -> dict[str, Any]:
    """The page that the request asks for: ``results``, ``next``, ``previous``, and ``count`` when asked for."""
    params = request.query_params
    try:
        ordering = parse_ordering(params.get("ordering") or default, sorts)
        page = page_of(found, ordering, cursor=params.get("cursor", ""), size=_page_size(params))
    except PagingError as error:
        raise ValidationError({error.parameter: [str(error)]}) from error
    body: dict[str, Any] = {"next": _link(request, page.next), "previous": _link(request, page.previous)}
    if _wants_count(params):
        body["count"], body["count_is_capped"] = capped_count(found, cap)
    return body | {"results": to_data(page.rows)}


def _page_size(params: Mapping[str, str]) -> int:
    text = params.get("page_size", str(DEFAULT_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_SIZE):
        raise PagingError("page_size", _("A number from 1 to %(limit)d.") % {"limit": MAX_SIZE})
    return int(text)


def _wants_count(params: Mapping[str, str]) -> bool:
    text = params.get("count", "false")
    if text not in ("true", "false"):
        raise ValidationError({"count": [_("True or false is expected.")]})
    return text == "true"


def _link(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    params = request.query_params.copy()
    params["cursor"] = cursor
    return f"{request.build_absolute_uri(request.path)}?{params.urlencode()}"
