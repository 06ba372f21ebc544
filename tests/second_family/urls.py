"""The portal's addresses, and the steps of loans."""

from django.urls import include, path

from records.views import StepView
from tests.second_family.models import Loan


class LoanStepView(StepView):
    """A step of a loan."""

    model = Loan
    back = "tickets:home"


urlpatterns = [
    path("loans/<int:pk>/<str:step>/", LoanStepView.as_view(), name="loan-step"),
    path("", include("itsm.urls")),
]
