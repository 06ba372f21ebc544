import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import duty.models
from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("made_at", models.DateTimeField(editable=False)),
                (
                    "deputy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deputy_for",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "absence",
                "verbose_name_plural": "absences",
                "ordering": ["starts_at", "id"],
                "indexes": [models.Index(fields=["user", "ends_at"], name="absence_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="absence_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deputy", None), models.Q(("deputy", models.F("user")), _negated=True), _connector="OR"
                        ),
                        name="absence_deputy_is_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Roster",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "period",
                    models.CharField(
                        choices=[("day", "A day each"), ("week", "A week each")],
                        default="week",
                        max_length=4,
                        verbose_name="turns",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="first turn")),
                ("handover", models.TimeField(default=datetime.time(9, 0), verbose_name="handed over at")),
                (
                    "time_zone",
                    models.CharField(
                        default=duty.models.portal_zone,
                        max_length=50,
                        validators=[duty.models.check_zone],
                        verbose_name="time zone",
                    ),
                ),
                ("management", models.BooleanField(default=False, verbose_name="is the duty manager")),
                (
                    "group",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roster",
                        to="accounts.supportgroup",
                        verbose_name="group",
                    ),
                ),
            ],
            options={
                "verbose_name": "duty roster",
                "verbose_name_plural": "duty rosters",
                "ordering": ["group__tier", "group__name_zh"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("management", True)), fields=("management",), name="one_management_roster"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="place")),
                (
                    "roster",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="duty.roster"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "place in a roster",
                "verbose_name_plural": "places in rosters",
                "ordering": ["roster", "position"],
                "constraints": [models.UniqueConstraint(fields=("roster", "user"), name="roster_member_unique")],
            },
        ),
        migrations.CreateModel(
            name="SwapProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.DateTimeField(verbose_name="turn of who proposes")),
                ("second", models.DateTimeField(verbose_name="turn of who is asked")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("made_at", models.DateTimeField(editable=False)),
                ("answered_at", models.DateTimeField(editable=False, null=True)),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked",
                    ),
                ),
                (
                    "proposer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
                (
                    "roster",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="proposals", to="duty.roster"
                    ),
                ),
            ],
            options={
                "verbose_name": "proposed swap",
                "verbose_name_plural": "proposed swaps",
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("proposer", models.F("other")), _negated=True), name="swap_between_two"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("roster", "first", "second"),
                        name="swap_proposed_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("stand_in", "Stands in"), ("swap", "Swapped")],
                        default="stand_in",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("swap", models.UUIDField(editable=False, null=True)),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("made_at", models.DateTimeField(editable=False)),
                (
                    "made_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "roster",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="overrides", to="duty.roster"
                    ),
                ),
            ],
            options={
                "verbose_name": "stand-in",
                "verbose_name_plural": "stand-ins",
                "ordering": ["starts_at", "id"],
                "indexes": [models.Index(fields=["roster", "ends_at"], name="override_of_roster")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="override_in_order"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="roster",
            name="members",
            field=models.ManyToManyField(
                related_name="rosters",
                through="duty.RosterMember",
                to=settings.AUTH_USER_MODEL,
                verbose_name="members",
            ),
        ),
    ]
