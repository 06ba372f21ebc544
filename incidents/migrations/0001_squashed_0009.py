import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyTask",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("commander", "Whoever commands"),
                            ("group", "The assigned group"),
                            ("desk", "The service desk"),
                        ],
                        default="group",
                        max_length=10,
                        verbose_name="for",
                    ),
                ),
                ("text_zh", models.TextField(blank=True, verbose_name="what to do, Chinese")),
                ("text_en", models.TextField(blank=True, verbose_name="what to do, English")),
            ],
            options={
                "verbose_name": "first task of an emergency",
                "verbose_name_plural": "first tasks of an emergency",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "ticket_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="tickets.ticket",
                    ),
                ),
                ("cause", models.TextField(blank=True, verbose_name="cause")),
                ("handling", models.TextField(blank=True, verbose_name="handling")),
                ("vendor_needed", models.BooleanField(default=False, verbose_name="vendor needed")),
                ("vendor_contract", models.CharField(blank=True, max_length=100, verbose_name="contract")),
                ("vendor_contact", models.CharField(blank=True, max_length=100, verbose_name="vendor's contact")),
                (
                    "vendor_case_number",
                    models.CharField(blank=True, max_length=100, verbose_name="vendor's case number"),
                ),
                ("vendor_called_at", models.DateTimeField(null=True, verbose_name="vendor called")),
                ("vendor_answered_at", models.DateTimeField(null=True, verbose_name="vendor's part over")),
                ("remote_consent_at", models.DateTimeField(null=True, verbose_name="consent to remote help recorded")),
                (
                    "remote_consent_by",
                    models.CharField(blank=True, max_length=200, verbose_name="who agreed, and how"),
                ),
                ("departed_at", models.DateTimeField(null=True, verbose_name="departure")),
                ("arrived_at", models.DateTimeField(null=True, verbose_name="arrival")),
                ("on_site_completed_at", models.DateTimeField(null=True, verbose_name="completed on site")),
                ("backup_confirmed_at", models.DateTimeField(null=True, verbose_name="backup confirmed")),
                (
                    "backup_confirmed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="backup confirmed by",
                    ),
                ),
                (
                    "close_code",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.closecode",
                        verbose_name="close code",
                    ),
                ),
                (
                    "reject_reason",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="tickets.rejectreason",
                        verbose_name="reason for rejecting",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resolved_incidents",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="resolved by",
                    ),
                ),
                ("vendor_responded_at", models.DateTimeField(null=True, verbose_name="vendor responded")),
                ("vendor_arrived_at", models.DateTimeField(null=True, verbose_name="vendor on site")),
                (
                    "commander",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="commander",
                    ),
                ),
                (
                    "emergency_over_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="emergency procedure over"),
                ),
                (
                    "emergency_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="emergency procedure since"),
                ),
                (
                    "called_in_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="people called in since"),
                ),
                ("first_arrived_at", models.DateTimeField(editable=False, null=True, verbose_name="first arrival")),
                (
                    "extent",
                    models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="extent"),
                ),
                ("occurred_at", models.DateTimeField(null=True, verbose_name="occurred")),
                (
                    "reported_by",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=120,
                        verbose_name="reported for the requester by",
                    ),
                ),
                (
                    "talked_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="talk with the previous handler"),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="verified by",
                    ),
                ),
                (
                    "verified_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("tested", "Tested by us"),
                            ("requester", "Tried by the requester"),
                            ("monitoring", "Seen in monitoring"),
                            ("records", "By records or logs"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="how it was verified",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="search_own_texts_added",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.handling <> '' OR NEW.extent <> '' OR NEW.reported_by <> '' OR NEW.cause <> '' OR NEW.vendor_case_number <> '' OR NEW.vendor_contact <> '' OR NEW.vendor_contract <> '')",
                            func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.cause, ''), NULLIF(NEW.vendor_case_number, ''), NULLIF(NEW.vendor_contact, ''), NULLIF(NEW.vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(NEW.handling, ''), NULLIF(NEW.extent, ''), NULLIF(NEW.reported_by, '')));\n        RETURN NULL;\n    ",
                            hash="ab3b3a3f2a01b497e9c27088a1380d2cdc551d4a",
                            operation="INSERT",
                            pgid="pgtrigger_search_own_texts_added_ec11e",
                            table="incidents_incident",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="search_own_texts_changed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (ROW(OLD.handling, OLD.extent, OLD.reported_by, OLD.cause, OLD.vendor_case_number, OLD.vendor_contact, OLD.vendor_contract) IS DISTINCT FROM ROW(NEW.handling, NEW.extent, NEW.reported_by, NEW.cause, NEW.vendor_case_number, NEW.vendor_contact, NEW.vendor_contract))",
                            func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.cause, ''), NULLIF(NEW.vendor_case_number, ''), NULLIF(NEW.vendor_contact, ''), NULLIF(NEW.vendor_contract, '')), concat_ws(E'\\x1e', NULLIF(NEW.handling, ''), NULLIF(NEW.extent, ''), NULLIF(NEW.reported_by, '')));\n        RETURN NULL;\n    ",
                            hash="a6621364517b2eb40206b9cab9628262f274c08d",
                            operation='UPDATE OF "handling", "extent", "reported_by", "cause", "vendor_case_number", "vendor_contact", "vendor_contract"',
                            pgid="pgtrigger_search_own_texts_changed_5cd6c",
                            table="incidents_incident",
                            when="AFTER",
                        ),
                    ),
                ],
            },
            bases=("tickets.ticket",),
        ),
        migrations.CreateModel(
            name="CallIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(blank=True, verbose_name="what for")),
                ("called_at", models.DateTimeField(verbose_name="called")),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("coming", "is coming"), ("cannot", "cannot come"), ("joined", "has joined")],
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered")),
                ("answer_text", models.TextField(blank=True, verbose_name="what they said")),
                ("joined_at", models.DateTimeField(null=True, verbose_name="joined")),
                (
                    "called_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.supportgroup",
                        verbose_name="group",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls_in", to="tickets.ticket"
                    ),
                ),
            ],
            options={
                "verbose_name": "call",
                "verbose_name_plural": "calls",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answer", "cannot"), _negated=True),
                        fields=("ticket", "person"),
                        name="call_in_once_until_refused",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None)),
                            models.Q(models.Q(("answer", ""), _negated=True), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="call_in_answered_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "joined"), _negated=True),
                            ("joined_at__isnull", False),
                            _connector="OR",
                        ),
                        name="call_in_joined_when",
                    ),
                ],
            },
        ),
    ]
