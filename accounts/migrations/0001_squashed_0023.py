import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="RateBucket",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("window_start", models.DateTimeField()),
                ("hits", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "permissions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("ticket.view", "See tickets of every customer"),
                                ("ticket.view_organisation", "See tickets of the own organisation"),
                                ("ticket.register", "Register tickets"),
                                ("ticket.dispatch", "Dispatch tickets: assign, reject, classify"),
                                ("ticket.work", "Work on tickets of the own groups"),
                                ("ticket.close", "Confirm and close tickets for requesters"),
                                ("ticket.internal", "Read and write internal notes"),
                                ("ticket.priority", "Approve a change of priority in any group"),
                                ("ticket.urge", "Urge tickets"),
                                ("change.manage", "Manage changes: check, assess, schedule them"),
                                ("ticket.export", "Export lists"),
                                ("report.people", "See figures of persons by name"),
                                ("report.approve", "Approve and send service reports"),
                                ("report.manage", "Set targets of figures, share boards, hold process meetings"),
                                ("problem.raise", "Raise problems"),
                                ("problem.manage", "Manage problems: assign, approve, end"),
                                ("problem.supervise", "Review solutions of problems of high level"),
                                ("cmdb.view", "See configuration items of every customer"),
                                ("cmdb.edit", "Record configuration items"),
                                ("cmdb.manage", "Manage configuration: correct, import, define classes"),
                                ("people.view", "Search people of every organisation"),
                                ("people.add", "Add callers who are not known yet"),
                                ("announcement.publish", "Publish announcements"),
                                ("token.create", "Create API tokens"),
                                ("admin.access", "Administer the portal"),
                            ],
                            max_length=40,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="permissions",
                    ),
                ),
                (
                    "first_page",
                    models.CharField(
                        choices=[
                            ("queue", "Workspace"),
                            ("board", "Indicators"),
                            ("problems", "Indicators of problems"),
                            ("changes", "Indicators of changes"),
                            ("live", "Live board"),
                        ],
                        default="queue",
                        help_text="Where people with this role begin. Of several roles the one that begins on a board decides.",
                        max_length=10,
                        verbose_name="first page",
                    ),
                ),
            ],
            options={
                "verbose_name": "role",
                "verbose_name_plural": "roles",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RestoreEpoch",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("value", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="restore_epoch_single_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "username",
                    models.CharField(
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="user name",
                    ),
                ),
                ("full_name", models.CharField(max_length=100, verbose_name="name")),
                ("full_name_en", models.CharField(blank=True, max_length=100, verbose_name="name in Latin letters")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email")),
                ("employee_number", models.CharField(blank=True, max_length=40, verbose_name="employee number")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                ("mobile", models.CharField(blank=True, max_length=40, verbose_name="mobile")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                ("time_zone", models.CharField(blank=True, max_length=50, verbose_name="time zone")),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "As the system"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=5,
                        verbose_name="theme",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                (
                    "roles",
                    models.ManyToManyField(
                        blank=True, related_name="people", to="accounts.role", verbose_name="roles"
                    ),
                ),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ["username"],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("secret_hash", models.CharField(editable=False, max_length=64)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("tickets:read", "Read tickets"),
                                ("tickets:write", "Register tickets and act on them"),
                                ("directory:read", "Read people, groups, services and code tables"),
                                ("cmdb:write", "Record and discover configuration items"),
                            ],
                            max_length=20,
                        ),
                        default=list,
                        size=None,
                        verbose_name="scopes",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created"),
                ),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("last_used_at", models.DateTimeField(editable=False, null=True, verbose_name="last used")),
                ("revoked_at", models.DateTimeField(editable=False, null=True, verbose_name="revoked")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("provider", "Provider"), ("customer", "Customer"), ("supplier", "Supplier")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "interface_person",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whom the provider turns to; told of changes that touch the organisation.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="interface person",
                    ),
                ),
                (
                    "closes_on_confirmation",
                    models.BooleanField(
                        default=False,
                        help_text="A requester's confirmation closes the ticket; otherwise the service desk closes it with that.",
                        verbose_name="confirmation closes",
                    ),
                ),
                (
                    "rating_percent",
                    models.PositiveSmallIntegerField(
                        default=100,
                        help_text="Of so many closed tickets the requester is asked how it was. 0: nobody is.",
                        verbose_name="asked for a rating (%)",
                    ),
                ),
                (
                    "report_language",
                    models.CharField(
                        blank=True,
                        choices=[("en", "English"), ("zh-hans", "Simplified Chinese")],
                        help_text="Empty: that of the portal.",
                        max_length=10,
                        verbose_name="language of reports",
                    ),
                ),
                (
                    "decision_makers",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Whom approvals ask that are for this organisation to decide.",
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decision makers",
                    ),
                ),
                (
                    "report_contacts",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Who gets the organisation's service reports.",
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="report contacts",
                    ),
                ),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
                "ordering": ["kind", "code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rating_percent__lte", 100)), name="organisation_rates_all_at_most"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="departments",
                        to="accounts.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whom approvals ask that a department's manager decides.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="manager",
                    ),
                ),
            ],
            options={
                "verbose_name": "department",
                "verbose_name_plural": "departments",
                "ordering": ["organisation", "name_zh"],
                "constraints": [models.UniqueConstraint(fields=("organisation", "name_zh"), name="department_unique")],
            },
        ),
        migrations.CreateModel(
            name="SupportGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("desk", "Service desk"),
                            ("tier1", "First line"),
                            ("tier2", "Second line"),
                            ("tier3", "Third line (vendor)"),
                        ],
                        max_length=5,
                        verbose_name="tier",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="led_groups",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="lead",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="groups",
                        to="accounts.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "escalates_to",
                    models.ForeignKey(
                        blank=True,
                        help_text="The group of a higher line that takes over what is out of time here.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.supportgroup",
                        verbose_name="escalates to",
                    ),
                ),
                (
                    "members",
                    models.ManyToManyField(
                        blank=True, related_name="support_groups", to=settings.AUTH_USER_MODEL, verbose_name="members"
                    ),
                ),
            ],
            options={
                "verbose_name": "support group",
                "verbose_name_plural": "support groups",
                "ordering": ["tier", "name_zh"],
            },
        ),
        migrations.CreateModel(
            name="AccessEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("signed_in", "Signed in"),
                            ("failed", "Sign-in failed"),
                            ("locked", "Locked out for a while after failures"),
                            ("signed_out", "Signed out"),
                            ("ended", "Session ended by time"),
                            ("password", "Password changed"),
                            ("reset", "Password set by a link"),
                            ("token_made", "API token made"),
                            ("token_revoked", "API token revoked"),
                        ],
                        max_length=20,
                        verbose_name="event",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=150, verbose_name="user name")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                ("browser", models.CharField(blank=True, max_length=200, verbose_name="program")),
                ("detail", models.CharField(blank=True, max_length=200, verbose_name="details")),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_events",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "access",
                "verbose_name_plural": "log of access",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["person", "-id"], name="access_event_by_person"),
                    models.Index(fields=["kind", "-id"], name="access_event_by_kind"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="c6bdf1d5b84fff1edfaab0faac7fba8956cd63ea",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_d47d5",
                            table="accounts_accessevent",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="department",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="accounts.department",
                verbose_name="department",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="people",
                to="accounts.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="preferences",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_keys",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, editable=False, size=None
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("username"), name="username_unique_any_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(("email", ""), _negated=True),
                name="email_unique_any_case",
            ),
        ),
        # Counters of a minute: nothing is lost when a crash empties them.
        migrations.RunSQL("ALTER TABLE accounts_ratebucket SET UNLOGGED"),
    ]
