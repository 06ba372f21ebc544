import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("cmdb", "0001_squashed_0026"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unplanned", "Unplanned interruption"),
                            ("planned", "Planned interruption"),
                            ("information", "Information"),
                        ],
                        default="planned",
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("text_zh", models.TextField(blank=True, max_length=500, verbose_name="Chinese text")),
                ("text_en", models.TextField(blank=True, max_length=500, verbose_name="English text")),
                ("starts_at", models.DateTimeField(blank=True, null=True, verbose_name="from")),
                ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("shown_from", models.DateTimeField(verbose_name="shown from")),
                ("shown_until", models.DateTimeField(verbose_name="shown until")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="created")),
                ("updated_at", models.DateTimeField(editable=False, verbose_name="updated")),
                ("published_at", models.DateTimeField(editable=False, null=True, verbose_name="published")),
                ("ended_at", models.DateTimeField(editable=False, null=True, verbose_name="ended")),
                (
                    "author",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="announcements",
                        to="tickets.ticket",
                        verbose_name="ticket",
                    ),
                ),
                (
                    "automatic",
                    models.BooleanField(
                        db_default=False, default=False, editable=False, verbose_name="kept by its change"
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        default="new", editable=False, max_length=20, protected=True, verbose_name="state"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "organisations",
                    models.ManyToManyField(
                        blank=True,
                        related_name="announcements",
                        to="accounts.organisation",
                        verbose_name="for these organisations",
                    ),
                ),
                (
                    "systems",
                    models.ManyToManyField(
                        blank=True,
                        related_name="announcements",
                        to="cmdb.businesssystem",
                        verbose_name="affected business systems",
                    ),
                ),
            ],
            options={
                "verbose_name": "announcement",
                "verbose_name_plural": "announcements",
                "ordering": ["-shown_from", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None), ("published_at__isnull", False)),
                        fields=["shown_until"],
                        name="announcement_published",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("shown_until__gt", models.F("shown_from"))),
                        name="announcement_shown_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at", None),
                            ("starts_at", None),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="announcement_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text_en", ""), ("text_zh", ""), _negated=True),
                        name="announcement_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None), ("published_at", None), ("state__in", ("draft", "discarded"))
                            ),
                            models.Q(("ended_at", None), ("published_at__isnull", False), ("state", "published")),
                            models.Q(("ended_at__isnull", False), ("published_at__isnull", False), ("state", "ended")),
                            _connector="OR",
                        ),
                        name="announcement_state_and_times",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnnouncementEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="time")),
                ("step", models.CharField(max_length=40, verbose_name="action")),
                (
                    "via",
                    models.CharField(
                        choices=[("web", "Page"), ("api", "API"), ("system", "System")],
                        default="web",
                        max_length=10,
                        verbose_name="came by",
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("state_from", models.CharField(blank=True, max_length=20)),
                ("state_to", models.CharField(blank=True, max_length=20)),
                ("changes", models.JSONField(default=list)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="log",
                        to="announcements.announcement",
                    ),
                ),
            ],
            options={
                "verbose_name": "line of the log of an announcement",
                "verbose_name_plural": "log of announcements",
                "ordering": ["-at", "-id"],
                "abstract": False,
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="6c0fbb8657fcf677269c1a645c7b35b9bf742c9a",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_2c8cd",
                            table="announcements_announcemententry",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dismissal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "announcement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dismissals",
                        to="announcements.announcement",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "dismissal",
                "verbose_name_plural": "dismissals",
                "constraints": [models.UniqueConstraint(fields=("announcement", "user"), name="dismissal_unique")],
            },
        ),
    ]
