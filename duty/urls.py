"""Pages of duty rosters."""

from django.urls import path, re_path

from duty import swap_views, views

app_name = "duty"
urlpatterns = [
    path("", views.ListView.as_view(), name="list"),
    path("new/", views.NewView.as_view(), name="new"),
    path("<int:pk>/", views.RosterView.as_view(), name="roster"),
    path("<int:pk>/edit/", views.EditView.as_view(), name="edit"),
    path("<int:pk>/swaps/", swap_views.ProposeView.as_view(), name="propose_swap"),
    re_path(
        r"^(?P<pk>\d{1,9})/swaps/(?P<proposal>\d{1,9})/(?P<answer>accept|decline|cancel)/$",
        swap_views.AnswerView.as_view(),
        name="answer_swap",
    ),
    re_path(
        r"^(?P<pk>\d{1,9})/(?P<step>stand_in|absence|swap|withdraw|return)/$", views.StepView.as_view(), name="step"
    ),
]
