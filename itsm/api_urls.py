"""Addresses of the REST API, below ``/api/``. Every registered kind of ticket gets its own by itself."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from accounts.access.api import routes as access_routes
from accounts.api import routes as account_routes
from announcements.api import routes as announcement_routes
from approvals.api import routes as approval_routes
from approvals.api import shared_routes as shared_approval_routes
from changes.collision.api import routes as change_routes
from changes.informing.api import routes as informing_routes
from changes.schedule.api import routes as window_routes
from changes.unauthorised.api import routes as unauthorised_routes
from cmdb.api.discovery import routes as discovery_routes
from cmdb.api.impact import routes as impact_routes
from cmdb.api.items import routes as item_routes
from cmdb.api.relations import routes as relation_routes
from cmdb.api.systems import routes as cmdb_routes
from cmdb.asking.api import routes as query_routes
from cmdb.asking.api_comparing import routes as comparing_routes
from cmdb.audits.api import routes as audit_routes
from cmdb.audits.api_photos import routes as photo_routes
from cmdb.compliance.api import routes as compliance_routes
from cmdb.confirming.api import routes as confirming_routes
from cmdb.custody.api import routes as custody_routes
from cmdb.deciding.api import routes as deciding_routes
from cmdb.disclosing.api import routes as release_routes
from cmdb.ending.api import routes as ending_routes
from cmdb.merging.api import routes as merging_routes
from cmdb.sources.api import routes as source_routes
from cmdb.spares.api import routes as spare_routes
from cmdb.transfer.api import routes as import_routes
from duty.api import routes as duty_routes
from duty.api_rosters import routes as roster_routes
from exporting.api import routes as export_routes
from incidents.emergencies.api import routes as incident_routes
from itsm.api.docs import DocsView, SchemaView
from itsm.api.root import routes as root_routes
from itsm.api.views import NotFoundView
from notifications.api.choices import routes as choice_routes
from notifications.api.ledger import routes as ledger_routes
from notifications.api.own import routes as notice_routes
from problems.api import routes as problem_routes
from replies.api import routes as reply_routes
from reports.api import routes as report_routes
from sla.api import routes as sla_routes
from tasks.api import routes as task_routes
from tickets.api import routes as ticket_routes
from tickets.api import shared_routes
from tickets.lifecycle import kinds

app_name = "api"

version_1 = [
    *(address for kind in kinds() for address in (*ticket_routes(kind), *task_routes(kind), *approval_routes(kind))),
    *root_routes,
    *incident_routes,
    *problem_routes,
    *shared_routes,
    *shared_approval_routes,
    *change_routes,
    *informing_routes,
    *unauthorised_routes,
    *window_routes,
    *account_routes,
    *access_routes,
    *duty_routes,
    *roster_routes,
    *notice_routes,
    *cmdb_routes,
    *release_routes,
    *discovery_routes,
    *deciding_routes,
    *impact_routes,
    *relation_routes,
    *query_routes,
    *comparing_routes,
    *audit_routes,
    *photo_routes,
    *confirming_routes,
    *ending_routes,
    *compliance_routes,
    *source_routes,
    *custody_routes,
    *spare_routes,
    *merging_routes,
    *import_routes,
    *item_routes,
    *export_routes,
    *announcement_routes,
    *sla_routes,
    *choice_routes,
    *ledger_routes,
    *reply_routes,
    *report_routes,
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(version_1)),
    re_path("", NotFoundView.as_view()),
]
