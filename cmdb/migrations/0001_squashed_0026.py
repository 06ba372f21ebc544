import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import cmdb.models.audits
import cmdb.models.jobs
from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("accounts", "0001_squashed_0023"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessSystemClass",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("default_impact", models.CharField(blank=True, max_length=10, verbose_name="default impact")),
            ],
            options={
                "verbose_name": "class of business systems",
                "verbose_name_plural": "classes of business systems",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CIStatus",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "status of configuration items",
                "verbose_name_plural": "statuses of configuration items",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GraphBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.BigIntegerField(db_index=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="GraphState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.BigIntegerField(default=0)),
                ("xid", models.BigIntegerField(default=0)),
                ("born", models.UUIDField(default=uuid.uuid4)),
            ],
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("params", models.TextField(blank=True)),
                (
                    "sample",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: all of them.", null=True, verbose_name="sample"
                    ),
                ),
                ("seed", models.BigIntegerField(verbose_name="seed")),
                ("population", models.PositiveIntegerField(default=0, verbose_name="items in all")),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="opened")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit of items",
                "verbose_name_plural": "audits of items",
                "ordering": ["-opened_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AuditExtra",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=200, verbose_name="what stands there")),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="where")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "audit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="extras", to="cmdb.audit"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Baseline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="name")),
                ("at", models.DateTimeField(verbose_name="moment")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "baseline",
                "verbose_name_plural": "baselines",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="BusinessSystem",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "default_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="default_systems",
                        to="accounts.supportgroup",
                        verbose_name="default group",
                    ),
                ),
                (
                    "deputy_engineer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deputy_systems",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="deputy engineer",
                    ),
                ),
                (
                    "primary_engineer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="primary_systems",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="primary engineer",
                    ),
                ),
                (
                    "system_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="systems",
                        to="cmdb.businesssystemclass",
                        verbose_name="class",
                    ),
                ),
                (
                    "aliases",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        blank=True,
                        default=list,
                        help_text="What people call it, parted by commas: a call that names one finds the system.",
                        size=None,
                        verbose_name="other names",
                    ),
                ),
                (
                    "for_everybody",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Every customer can choose it, whether they used it yet or not.",
                        verbose_name="offered to every customer",
                    ),
                ),
                (
                    "organisations",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Besides those on whose tickets or configuration items it stands. Others do not see it.",
                        related_name="systems",
                        to="accounts.organisation",
                        verbose_name="used by",
                    ),
                ),
            ],
            options={
                "verbose_name": "business system",
                "verbose_name_plural": "business systems",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BusinessSystemVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.businesssystem"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CIClass",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="cmdb.ciclass",
                        verbose_name="class above",
                    ),
                ),
                (
                    "plan",
                    models.TextField(
                        blank=True,
                        help_text="Which items belong here, how deep they are recorded, who keeps them.",
                        verbose_name="configuration plan",
                    ),
                ),
                (
                    "confirm_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0: never. Empty: as the class above says; never where none does.",
                        null=True,
                        verbose_name="owners confirm every … days",
                    ),
                ),
                ("controls", models.JSONField(blank=True, default=list, verbose_name="controlled here")),
                ("observes", models.JSONField(blank=True, default=list, verbose_name="observed here")),
            ],
            options={
                "verbose_name": "class of configuration items",
                "verbose_name_plural": "classes of configuration items",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Attribute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator("^[a-z][a-z0-9_]*$", "Small letters, digits and _.")
                        ],
                        verbose_name="code",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("yes_no", "Yes or no"),
                            ("choice", "Choice"),
                            ("item", "Configuration item"),
                            ("person", "Person"),
                            ("organisation", "Organisation"),
                            ("address", "Network address"),
                            ("url", "Web address"),
                        ],
                        default="text",
                        max_length=12,
                        verbose_name="holds",
                    ),
                ),
                (
                    "group",
                    models.CharField(
                        choices=[
                            ("identity", "Identity"),
                            ("technical", "Technical"),
                            ("place", "Place"),
                            ("people", "People"),
                            ("commercial", "Purchase and contract"),
                        ],
                        default="technical",
                        max_length=12,
                        verbose_name="heading",
                    ),
                ),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                ("choices", models.JSONField(blank=True, default=list, verbose_name="choices")),
                ("required", models.BooleanField(default=False, verbose_name="required")),
                ("unique", models.BooleanField(default=False, verbose_name="unique")),
                (
                    "controlled",
                    models.BooleanField(
                        default=True,
                        help_text="Of an item in use it changes only by an approved change or a recorded correction.",
                        verbose_name="controlled",
                    ),
                ),
                ("default", models.CharField(blank=True, max_length=200, verbose_name="default")),
                (
                    "pattern",
                    models.CharField(
                        blank=True, help_text="A regular expression.", max_length=200, verbose_name="pattern"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "ci_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="own_attributes",
                        to="cmdb.ciclass",
                        verbose_name="class",
                    ),
                ),
                (
                    "formula",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Worked out from other attributes by their codes, such as months_after(warranty_end, -3).",
                        max_length=300,
                        verbose_name="computed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "attribute",
                "verbose_name_plural": "attributes",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ci_class", "code"), name="attribute_once_in_class", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AttributeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "attribute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.attribute"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CIClassVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ci_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.ciclass"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ComplianceRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="rule")),
                (
                    "demand",
                    models.CharField(
                        choices=[("all", "Every item is one of these"), ("none", "No item is one of these")],
                        max_length=4,
                        verbose_name="demand",
                    ),
                ),
                ("params", models.TextField(verbose_name="query")),
                ("why", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("active", models.BooleanField(default=True, verbose_name="in force")),
                (
                    "ci_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.ciclass",
                        verbose_name="class",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of compliance",
                "verbose_name_plural": "rules of compliance",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ComplianceRuleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.compliancerule"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ComplianceShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="day")),
                ("of", models.PositiveIntegerField(verbose_name="items")),
                ("broken", models.PositiveIntegerField(verbose_name="that break it")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="cmdb.compliancerule"
                    ),
                ),
            ],
            options={
                "verbose_name": "share of compliance",
                "verbose_name_plural": "shares of compliance",
                "ordering": ["on"],
                "constraints": [models.UniqueConstraint(fields=("rule", "on"), name="compliance_share_once_a_day")],
            },
        ),
        migrations.CreateModel(
            name="ConfigurationItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identifier", models.CharField(max_length=100, unique=True, verbose_name="identifier")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("attributes", models.JSONField(blank=True, default=dict, verbose_name="attributes")),
                (
                    "business_system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
                (
                    "ci_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="cmdb.ciclass",
                        verbose_name="class",
                    ),
                ),
                (
                    "default_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="%(class)ss",
                        to="accounts.supportgroup",
                        verbose_name="default group",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: shared by all customers; only the provider's staff see it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="accounts.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "status",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="cmdb.cistatus",
                        verbose_name="status",
                    ),
                ),
                ("graph_version", models.BigIntegerField(default=0, editable=False)),
                ("missing_since", models.DateTimeField(editable=False, null=True, verbose_name="not seen since")),
                (
                    "merged_into",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_from",
                        to="cmdb.configurationitem",
                    ),
                ),
            ],
            options={
                "verbose_name": "configuration item",
                "verbose_name_plural": "configuration items",
                "ordering": ["identifier"],
                "indexes": [
                    models.Index(fields=["name", "id"], name="item_by_name"),
                    models.Index(fields=["graph_version"], name="item_by_graph_version"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["attributes"], name="item_attributes", opclasses=["jsonb_path_ops"]
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recorded", models.JSONField(default=dict)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[("right", "As recorded"), ("differs", "Differs"), ("missing", "Not there")],
                        max_length=8,
                        verbose_name="result",
                    ),
                ),
                ("seen", models.JSONField(default=dict)),
                ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                ("at", models.DateTimeField(null=True, verbose_name="when")),
                (
                    "audit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="cmdb.audit"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_checks",
                        to="cmdb.configurationitem",
                    ),
                ),
            ],
            options={
                "verbose_name": "check of an audit",
                "verbose_name_plural": "checks of audits",
                "ordering": ["item__identifier"],
                "constraints": [models.UniqueConstraint(fields=("audit", "item"), name="audit_checks_item_once")],
            },
        ),
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="cmdb.configurationitem",
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of an item",
                "verbose_name_plural": "confirmations of items",
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["item", "-at"], name="confirmation_of_item")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="d26298927d7a48ae216103564068b725ad113a84",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_b4143",
                            table="cmdb_confirmation",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EndLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "ends",
                    models.CharField(
                        choices=[
                            ("warranty_end", "End of warranty"),
                            ("contract_end", "End of contract"),
                            ("licence_end", "End of licence"),
                        ],
                        max_length=20,
                        verbose_name="what ends",
                    ),
                ),
                (
                    "days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="days before",
                    ),
                ),
                (
                    "ci_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.ciclass",
                        verbose_name="class",
                    ),
                ),
            ],
            options={
                "verbose_name": "limit of warnings",
                "verbose_name_plural": "limits of warnings",
                "ordering": ["ci_class", "ends"],
                "constraints": [
                    models.UniqueConstraint(fields=("ci_class", "ends"), name="end_limit_once", nulls_distinct=False)
                ],
            },
        ),
        migrations.CreateModel(
            name="EndLimitVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "limit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.endlimit"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("keeper_before", models.CharField(blank=True, max_length=150, verbose_name="keeper until then")),
                ("condition", models.CharField(blank=True, max_length=500, verbose_name="condition and accessories")),
                ("given_at", models.DateTimeField(verbose_name="handed over")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waits for the receiver"),
                            ("taken", "Taken over"),
                            ("refused", "Refused"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="open",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="signed")),
                ("words", models.CharField(blank=True, max_length=500, verbose_name="remark")),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="handed over by",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="new keeper",
                    ),
                ),
            ],
            options={
                "verbose_name": "handover",
                "verbose_name_plural": "handovers",
                "ordering": ["-given_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("item",), name="handover_open_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="handover_ended_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("merge", "Merged"), ("split", "Split")], max_length=5, verbose_name="what"
                    ),
                ),
                ("status_before", models.CharField(blank=True, max_length=40)),
                ("facts", models.JSONField(default=dict)),
                ("named", models.JSONField(default=list)),
                ("moved", models.JSONField(default=list)),
                ("dropped", models.JSONField(default=list)),
                ("ended", models.JSONField(default=list)),
                ("made", models.JSONField(default=list)),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("reference", models.CharField(blank=True, max_length=60, verbose_name="change")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identity_changes",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identity_changes_of_other",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("item", models.F("other")), _negated=True), name="identity_of_two_items"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "merge"), ("undone_at", None)),
                        fields=("other",),
                        name="item_merged_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("fingerprint", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                ("counts", models.JSONField(default=dict)),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                ("source", models.CharField(default="import", max_length=40, verbose_name="source")),
            ],
            options={
                "verbose_name": "import of configuration items",
                "verbose_name_plural": "imports of configuration items",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ItemMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("shared", models.BooleanField(default=False, verbose_name="shared")),
                ("headings", models.JSONField(default=list)),
                ("columns", models.JSONField(default=dict)),
                ("values", models.JSONField(default=dict)),
                ("dates", models.JSONField(default=dict)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="item_mappings",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                ("relation_columns", models.JSONField(default=dict)),
                ("relation_values", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "mapping of imports",
                "verbose_name_plural": "mappings of imports",
                "ordering": ["name", "pk"],
                "constraints": [models.UniqueConstraint(fields=("owner", "name"), name="item_mapping_name_once")],
            },
        ),
        migrations.CreateModel(
            name="ItemQuery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "shared",
                    models.BooleanField(
                        default=False, help_text="Everybody who sees items finds it.", verbose_name="shared"
                    ),
                ),
                ("params", models.TextField(blank=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="item_queries",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved query of items",
                "verbose_name_plural": "saved queries of items",
                "ordering": ["name", "pk"],
                "constraints": [models.UniqueConstraint(fields=("owner", "name"), name="item_query_name_once")],
            },
        ),
        migrations.CreateModel(
            name="ItemVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("attributes", models.JSONField(blank=True, default=dict, verbose_name="attributes")),
                ("identifier", models.CharField(max_length=100)),
                ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="so from … until")),
                (
                    "recorded",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="known from … until"),
                ),
                ("sources", models.JSONField(default=dict)),
                ("authority", models.CharField(max_length=12)),
                ("reference", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("carried", models.BooleanField(default=False)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cmdb.itemimport"
                    ),
                ),
                (
                    "business_system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ci_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="cmdb.ciclass",
                        verbose_name="class",
                    ),
                ),
                (
                    "default_group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="%(class)ss",
                        to="accounts.supportgroup",
                        verbose_name="default group",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: shared by all customers; only the provider's staff see it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="accounts.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "status",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="cmdb.cistatus",
                        verbose_name="status",
                    ),
                ),
            ],
            options={
                "ordering": ["identifier"],
                "indexes": [
                    models.Index(fields=["item", "-id"], name="item_version_of_item"),
                    models.Index(fields=["identifier"], name="item_version_identifier"),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("recorded__upper_inf", True)),
                        expressions=[
                            (
                                models.Func(
                                    models.F("item"), models.F("item"), models.Value("[]"), function="int8range"
                                ),
                                "&&",
                            ),
                            ("valid", "&&"),
                        ],
                        name="item_version_believed_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RelationType",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("inverse_zh", models.CharField(max_length=200, verbose_name="Chinese name, read backwards")),
                ("inverse_en", models.CharField(max_length=200, verbose_name="English name, read backwards")),
                (
                    "affects",
                    models.CharField(
                        choices=[
                            ("source", "the first feels a failure of the second"),
                            ("target", "the second feels a failure of the first"),
                            ("none", "neither"),
                        ],
                        default="source",
                        max_length=6,
                        verbose_name="impact",
                    ),
                ),
                (
                    "max_targets",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="Empty: any number.", null=True, verbose_name="most per first item"
                    ),
                ),
                (
                    "max_sources",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="Empty: any number.", null=True, verbose_name="most per second item"
                    ),
                ),
                ("controlled", models.BooleanField(default=True, verbose_name="controlled")),
                (
                    "sure_for_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="After so many days without a new confirmation: unsure.",
                        null=True,
                        verbose_name="sure for days",
                    ),
                ),
                (
                    "source_classes",
                    models.ManyToManyField(
                        blank=True,
                        help_text="None: any class.",
                        related_name="+",
                        to="cmdb.ciclass",
                        verbose_name="classes of the first",
                    ),
                ),
                (
                    "target_classes",
                    models.ManyToManyField(
                        blank=True,
                        help_text="None: any class.",
                        related_name="+",
                        to="cmdb.ciclass",
                        verbose_name="classes of the second",
                    ),
                ),
            ],
            options={
                "verbose_name": "type of relations",
                "verbose_name_plural": "types of relations",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Relation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(blank=True, max_length=40, verbose_name="redundancy group")),
                ("needed", models.PositiveSmallIntegerField(default=1, verbose_name="needed of the group")),
                ("active", models.BooleanField(default=True)),
                ("confirmed_at", models.DateTimeField(verbose_name="last confirmed")),
                ("graph_version", models.BigIntegerField(default=0, editable=False)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relations_out",
                        to="cmdb.configurationitem",
                        verbose_name="first item",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relations_in",
                        to="cmdb.configurationitem",
                        verbose_name="second item",
                    ),
                ),
                (
                    "relation_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relations",
                        to="cmdb.relationtype",
                        verbose_name="relation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("active", True)), fields=["target", "relation_type"], name="relation_to"
                    ),
                    models.Index(fields=["graph_version"], name="relation_by_graph_version"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "relation_type", "target"), name="relation_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(blank=True, max_length=40, verbose_name="field")),
                ("source", models.CharField(max_length=40, verbose_name="source")),
                ("value", models.JSONField(null=True, verbose_name="value")),
                ("since", models.DateTimeField(verbose_name="so since")),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "relation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="cmdb.relation",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "indexes": [
                    models.Index(fields=["item", "field", "-at", "-id"], name="claim_of_item"),
                    models.Index(fields=["relation", "-at", "-id"], name="claim_of_relation"),
                    models.Index(fields=["source"], name="claim_of_source"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("item", None), ("relation", None), _connector="XOR"),
                        name="claim_about_one_thing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RelationTypeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "relation_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.relationtype"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RelationVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("group", models.CharField(blank=True, max_length=40, verbose_name="redundancy group")),
                ("needed", models.PositiveSmallIntegerField(default=1, verbose_name="needed of the group")),
                ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("recorded", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("sources", models.JSONField(default=dict)),
                ("authority", models.CharField(max_length=12)),
                ("reference", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("carried", models.BooleanField(default=False)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cmdb.itemimport"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "relation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.relation"
                    ),
                ),
                (
                    "relation_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.relationtype",
                        verbose_name="relation",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                        verbose_name="first item",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                        verbose_name="second item",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["relation", "-id"], name="relation_version_of")],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("recorded__upper_inf", True)),
                        expressions=[
                            (
                                models.Func(
                                    models.F("relation"),
                                    models.F("relation"),
                                    models.Value("[]"),
                                    function="int8range",
                                ),
                                "&&",
                            ),
                            ("valid", "&&"),
                        ],
                        name="relation_version_believed_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="released by",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken back by",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "release of a shared item",
                "verbose_name_plural": "releases of shared items",
                "ordering": ["at", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("item", "organisation"),
                        name="released_once_to_a_customer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=40, verbose_name="source")),
                ("key", models.CharField(max_length=200, verbose_name="key at the source")),
                ("seen_at", models.DateTimeField(verbose_name="last seen")),
                ("data", models.JSONField(default=dict)),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sightings",
                        to="cmdb.configurationitem",
                        verbose_name="configuration item",
                    ),
                ),
                ("scan", models.CharField(blank=True, db_default="", default="", max_length=80, verbose_name="scan")),
            ],
            options={
                "verbose_name": "sighting",
                "verbose_name_plural": "sightings",
                "constraints": [models.UniqueConstraint(fields=("source", "key"), name="sighting_once")],
            },
        ),
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("value", "A value differs"),
                            ("unknown", "Nothing like it is recorded"),
                            ("several", "Several items fit"),
                            ("gone", "Not seen any more"),
                            ("retired", "Recorded as retired"),
                        ],
                        max_length=8,
                        verbose_name="what",
                    ),
                ),
                ("field", models.CharField(blank=True, max_length=40, verbose_name="field")),
                ("recorded_value", models.JSONField(null=True)),
                ("seen_value", models.JSONField(null=True)),
                ("candidates", models.JSONField(default=list)),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="found")),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken", "Taken over"),
                            ("kept", "The record is right"),
                            ("item", "It is an item of ours"),
                            ("new", "Recorded as new"),
                            ("out", "None of ours"),
                            ("void", "The source is withdrawn"),
                        ],
                        max_length=5,
                        verbose_name="decision",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="differences",
                        to="cmdb.configurationitem",
                    ),
                ),
                (
                    "sighting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="differences", to="cmdb.sighting"
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, db_default="", default="", max_length=500, verbose_name="reason"),
                ),
                (
                    "reference",
                    models.CharField(blank=True, db_default="", default="", max_length=60, verbose_name="change"),
                ),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "difference",
                "verbose_name_plural": "differences",
                "ordering": ["-found_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decision", "")),
                        fields=("sighting", "what", "field"),
                        name="difference_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SinglePoints",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "items",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                ("partial", models.BooleanField(default=False)),
                ("reckoned_at", models.DateTimeField()),
                ("graph_version", models.BigIntegerField()),
                (
                    "service",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="single_points",
                        to="cmdb.configurationitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceRanking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(blank=True, max_length=40, verbose_name="field")),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=40,
                            validators=[
                                django.core.validators.RegexValidator(
                                    "^[a-z][a-z0-9_-]{0,39}\\Z", "Small letters, digits, _ and -, at most 40."
                                )
                            ],
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="sources",
                    ),
                ),
                (
                    "ci_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.ciclass",
                        verbose_name="class",
                    ),
                ),
            ],
            options={
                "verbose_name": "ranking of sources",
                "verbose_name_plural": "rankings of sources",
                "ordering": ["ci_class", "field"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("ci_class", "field"), name="source_ranking_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceRankingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("definition", models.JSONField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ranking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="cmdb.sourceranking"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SourceWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9_-]{0,39}\\Z", "Small letters, digits, _ and -, at most 40."
                            )
                        ],
                        verbose_name="source",
                    ),
                ),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("counts", models.JSONField(default=dict)),
                ("at", models.DateTimeField(verbose_name="when")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "withdrawn source",
                "verbose_name_plural": "withdrawn sources",
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)), fields=("source",), name="source_withdrawn_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("import", "Import"),
                            ("undo", "Take back"),
                            ("withdraw", "Withdraw"),
                            ("put_back", "Believe again"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("asked", models.JSONField(default=dict)),
                ("items", models.FileField(blank=True, max_length=200, upload_to=cmdb.models.jobs.job_file)),
                ("relations", models.FileField(blank=True, max_length=200, upload_to=cmdb.models.jobs.job_file)),
                ("language", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "At work"),
                            ("done", "Done"),
                            ("refused", "Nothing was written"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Begins"),
                            ("read", "Reading and checking rows"),
                            ("relations", "Checking relations"),
                            ("write", "Writing items"),
                            ("relate", "Writing relations"),
                            ("rewrite", "Reckoning items anew"),
                            ("rewrite_relations", "Reckoning relations anew"),
                        ],
                        max_length=20,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("outcome", models.JSONField(default=dict)),
                ("worker", models.CharField(blank=True, max_length=36)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked for")),
                ("heartbeat_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="cmdb.itemimport",
                    ),
                ),
                (
                    "withdrawal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="cmdb.sourcewithdrawal",
                    ),
                ),
            ],
            options={
                "verbose_name": "job on items",
                "verbose_name_plural": "jobs on items",
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=["id"],
                        name="item_job_at_work",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SparePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("part_number", models.CharField(blank=True, max_length=80, verbose_name="part number")),
                ("place", models.CharField(blank=True, max_length=120, verbose_name="kept at")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                (
                    "minimum",
                    models.PositiveIntegerField(
                        default=0, help_text="Less than this is to be bought.", verbose_name="minimum"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "ci_class",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spare_parts",
                        to="cmdb.ciclass",
                        verbose_name="for items of class",
                    ),
                ),
            ],
            options={
                "verbose_name": "spare part",
                "verbose_name_plural": "spare parts",
                "ordering": ["name", "place", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "part_number", "place"), name="spare_part_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SpareMovement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("taken", "Taken out"),
                            ("returned", "Returned"),
                            ("counted", "Counted"),
                        ],
                        max_length=8,
                        verbose_name="what",
                    ),
                ),
                ("count", models.IntegerField(verbose_name="how many")),
                ("reference", models.CharField(blank=True, max_length=30, verbose_name="ticket")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="movements", to="cmdb.sparepart"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=["reference"],
                        name="spare_of_ticket",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UniqueValue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("value", models.CharField(max_length=400)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unique_values",
                        to="cmdb.configurationitem",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code", "value"), name="unique_value_once"),
                    models.UniqueConstraint(fields=("code", "item"), name="unique_value_of_item"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditPhoto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("storage_name", models.CharField(editable=False, max_length=64, unique=True)),
                ("file", models.FileField(max_length=200, upload_to=cmdb.models.audits.photo_path)),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField(verbose_name="size (bytes)")),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "audit_check",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="cmdb.auditcheck",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "extra",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="cmdb.auditextra",
                    ),
                ),
            ],
            options={
                "verbose_name": "photo of a check",
                "verbose_name_plural": "photos of checks",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("audit_check", None), ("extra__isnull", False)),
                            models.Q(("audit_check__isnull", False), ("extra", None)),
                            _connector="OR",
                        ),
                        name="audit_photo_of_one",
                    )
                ],
            },
        ),
    ]
