"""Pages of the configuration database."""

from django.urls import path

from cmdb.asking import comparing
from cmdb.asking import views as queries
from cmdb.audits import views as audits
from cmdb.compliance import views as compliance
from cmdb.confirming import views as confirming
from cmdb.custody import views as custody
from cmdb.deciding import views as deciding
from cmdb.disclosing import releasing
from cmdb.disclosing import views as own
from cmdb.ending import views as ending
from cmdb.merging import views as merging
from cmdb.sources import views as sources
from cmdb.spares import views as spares
from cmdb.transfer import views as transfer
from cmdb.views import classes, exploring, items, keeping, relation_types

app_name = "cmdb"
urlpatterns = [
    path("", items.ListView.as_view(), name="list"),
    path("new/", items.NewView.as_view(), name="new"),
    path("export/", keeping.ExportView.as_view(), name="export"),
    path("import/", transfer.ImportView.as_view(), name="import"),
    path("import/mappings/<int:pk>/remove/", transfer.RemoveMappingView.as_view(), name="remove_mapping"),
    path("import/<int:pk>/undo/", transfer.UndoImportView.as_view(), name="undo_import"),
    path("jobs/<int:pk>/", transfer.JobView.as_view(), name="job"),
    path("differences/", deciding.DifferencesView.as_view(), name="differences"),
    path("differences/<int:pk>/", deciding.DecideView.as_view(), name="decide"),
    path("queries/", queries.QueriesView.as_view(), name="queries"),
    path("queries/<int:pk>/", queries.QueryView.as_view(), name="query"),
    path("compare/", comparing.CompareListsView.as_view(), name="compare_lists"),
    path("baselines/", comparing.BaselinesView.as_view(), name="baselines"),
    path("path/", comparing.PathPage.as_view(), name="path"),
    path("<int:pk>/beneath/", comparing.BeneathView.as_view(), name="beneath"),
    path("audits/", audits.AuditsView.as_view(), name="audits"),
    path("audits/<int:pk>/", audits.AuditView.as_view(), name="audit"),
    path("audits/<int:pk>/codes/", audits.CodesView.as_view(), name="audit_codes"),
    path("audits/<int:pk>/<int:check>/", audits.CheckView.as_view(), name="audit_check"),
    path("audits/<int:pk>/extras/<int:extra>/photos/", audits.ExtraPhotosView.as_view(), name="audit_extra_photos"),
    path(
        "audits/<int:pk>/extras/<int:extra>/photos/<int:photo>/",
        audits.ExtraPhotoView.as_view(),
        name="audit_extra_photo",
    ),
    path("audits/<int:pk>/<int:check>/photos/<int:photo>/", audits.PhotoView.as_view(), name="audit_photo"),
    path("spares/", spares.PartsView.as_view(), name="spares"),
    path("spares/<int:pk>/", spares.PartView.as_view(), name="spare"),
    path("own/", own.OwnItemsView.as_view(), name="own"),
    path("own/<int:pk>/", own.OwnItemView.as_view(), name="own_item"),
    path("confirm/", confirming.ConfirmView.as_view(), name="confirm"),
    path("ending/", ending.EndingView.as_view(), name="ending"),
    path("sources/", sources.SourcesView.as_view(), name="sources"),
    path("sources/withdrawn/<int:pk>/", sources.PutBackView.as_view(), name="put_back_source"),
    path("sources/<slug:source>/", sources.WithdrawView.as_view(), name="withdraw_source"),
    path("compliance/", compliance.ComplianceView.as_view(), name="compliance"),
    path("health/", keeping.HealthView.as_view(), name="health"),
    path("<int:pk>/hand-over/", custody.HandOverView.as_view(), name="hand_over"),
    path("handovers/<int:pk>/", custody.HandoverView.as_view(), name="handover"),
    path("<int:pk>/merge/", merging.MergeView.as_view(), name="merge"),
    path("<int:pk>/split/", merging.SplitView.as_view(), name="split"),
    path("identity/<int:pk>/undo/", merging.TakeBackView.as_view(), name="take_back"),
    path("<int:pk>/propose/", keeping.ProposeView.as_view(), name="propose"),
    path("classes/", classes.ClassesView.as_view(), name="classes"),
    path("classes/<slug:code>/", classes.ClassView.as_view(), name="class"),
    path("relation-types/", relation_types.RelationTypesView.as_view(), name="relation_types"),
    path("relation-types/<slug:code>/", relation_types.RelationTypeView.as_view(), name="relation_type"),
    path("attributes/<int:pk>/", classes.AttributeView.as_view(), name="attribute"),
    path("<int:pk>/", items.ItemView.as_view(), name="item"),
    path("<int:pk>/edit/", items.EditView.as_view(), name="edit"),
    path("<int:pk>/life/<slug:name>/", items.LifeView.as_view(), name="life"),
    path("<int:pk>/relations/", items.RelateView.as_view(), name="relate"),
    path("<int:pk>/relations/<int:relation>/", items.UnrelateView.as_view(), name="unrelate"),
    path("<int:pk>/releases/", releasing.ReleasesView.as_view(), name="releases"),
    path("<int:pk>/impact/", exploring.ImpactView.as_view(), name="impact"),
    path("<int:pk>/compare/", exploring.CompareView.as_view(), name="compare"),
    path("<int:pk>/graph/", exploring.GraphView.as_view(), name="graph"),
    path("<int:pk>/graph/data/", exploring.GraphDataView.as_view(), name="graph_data"),
]
