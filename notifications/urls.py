"""Pages of notices."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("notices/", views.ListView.as_view(), name="list"),
    path("notices/latest/", views.LatestView.as_view(), name="latest"),
    path("notices/pressing/", views.PressingView.as_view(), name="pressing"),
    path("notices/read/", views.ReadView.as_view(), name="read"),
    path("notices/acknowledge/", views.AcknowledgeView.as_view(), name="acknowledge"),
    path("notices/<int:pk>/", views.OpenView.as_view(), name="open"),
    path("notices/choices/", views.ChoicesView.as_view(), name="choices"),
    path("notices/receipts/", views.ReceiptsView.as_view(), name="receipts"),
    path("notices/undelivered/", views.UndeliveredView.as_view(), name="undelivered"),
    path("notices/undelivered/<int:pk>/", views.UndeliveredStepView.as_view(), name="undelivered_step"),
    path("notices/templates/", views.TemplatesView.as_view(), name="templates"),
    path("notices/templates/preview/", views.TemplatePreviewView.as_view(), name="template_preview"),
    path(
        "notices/templates/<slug:event>/<slug:language>/<slug:channel>/", views.TemplateView.as_view(), name="template"
    ),
    path("tickets/<str:number>/notices/", views.OfTicketView.as_view(), name="of_ticket"),
    path(
        "tickets/<str:number>/notices/lines/",
        views.OfTicketView.as_view(template="notifications/_timeline.html"),
        name="of_ticket_lines",
    ),
    path("answer/<str:text>/", views.AnswerView.as_view(), name="answer"),
]
