"""Pages of the signed-in person."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("me/", views.ProfileView.as_view(), name="profile"),
    path("me/language/", views.LanguageView.as_view(), name="language"),
    path("me/theme/", views.ThemeView.as_view(), name="theme"),
    path("me/tokens/", views.TokensView.as_view(), name="tokens"),
    path("me/tokens/<int:pk>/revoke/", views.RevokeTokenView.as_view(), name="revoke_token"),
]
