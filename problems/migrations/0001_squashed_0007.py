import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

from itsm import initial


class Migration(initial.Migration):
    dependencies = [
        ("cmdb", "0001_squashed_0026"),
        ("tickets", "0001_squashed_0022"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProblemCategory",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "category of problems",
                "verbose_name_plural": "categories of problems",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProblemLevel",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "level of problems",
                "verbose_name_plural": "levels of problems",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ProblemSource",
            fields=[
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "source of problems",
                "verbose_name_plural": "sources of problems",
                "ordering": ["position", "code"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Problem",
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
                ("root_cause", models.TextField(blank=True, verbose_name="root cause")),
                ("workaround", models.TextField(blank=True, verbose_name="workaround")),
                ("published_at", models.DateTimeField(null=True, verbose_name="known error published")),
                ("solution", models.TextField(blank=True, verbose_name="solution")),
                ("estimate_hours", models.PositiveIntegerField(null=True, verbose_name="estimated hours")),
                ("expected_effect", models.TextField(blank=True, verbose_name="expected effect")),
                ("test_result", models.TextField(blank=True, verbose_name="how it was tested")),
                ("customer_word", models.TextField(blank=True, verbose_name="discussed with the customer")),
                ("change_reference", models.CharField(blank=True, max_length=100, verbose_name="change")),
                ("proof", models.TextField(blank=True, verbose_name="how it was proven")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("solved", "Solved"),
                            ("workaround", "Permanent workaround"),
                            ("risk_accepted", "Risk accepted"),
                            ("duplicate", "Duplicate"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=20,
                        verbose_name="outcome",
                    ),
                ),
                ("watch_until", models.DateTimeField(null=True, verbose_name="recurrence watched until")),
                ("review_result", models.TextField(blank=True, verbose_name="result of the review")),
                ("minutes", models.TextField(blank=True, verbose_name="minutes of the meeting")),
                ("met_at", models.DateTimeField(null=True, verbose_name="meeting")),
                ("attendance", models.TextField(blank=True, verbose_name="who attended")),
                (
                    "level",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="problems.problemlevel",
                        verbose_name="level",
                    ),
                ),
                (
                    "problem_category",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="problems.problemcategory",
                        verbose_name="category of the problem",
                    ),
                ),
                (
                    "problem_source",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="problems.problemsource",
                        verbose_name="raised from",
                    ),
                ),
                ("cause_at", models.DateTimeField(editable=False, null=True, verbose_name="root cause confirmed")),
                ("discussed_at", models.DateTimeField(null=True, verbose_name="discussion with the customer")),
                ("discussed_with", models.TextField(blank=True, verbose_name="who was invited")),
                ("discussion", models.TextField(blank=True, verbose_name="minutes of the discussion")),
                (
                    "team",
                    models.ManyToManyField(
                        related_name="analysed_problems", to=settings.AUTH_USER_MODEL, verbose_name="analysis team"
                    ),
                ),
            ],
            options={
                "verbose_name": "problem",
                "verbose_name_plural": "problems",
                "indexes": [
                    models.Index(
                        condition=models.Q(("watch_until__isnull", False)),
                        fields=["watch_until"],
                        name="problem_watched",
                    )
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="search_own_texts_added",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.root_cause <> '' OR NEW.workaround <> '' OR NEW.solution <> '' OR NEW.change_reference <> '')",
                            func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.root_cause, ''), NULLIF(NEW.workaround, ''), NULLIF(NEW.solution, ''), NULLIF(NEW.change_reference, '')), '');\n        RETURN NULL;\n    ",
                            hash="91c9cf84d53c7d25e0da15e92ebf62143d3350c5",
                            operation="INSERT",
                            pgid="pgtrigger_search_own_texts_added_f96cc",
                            table="problems_problem",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="search_own_texts_changed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (ROW(OLD.root_cause, OLD.workaround, OLD.solution, OLD.change_reference) IS DISTINCT FROM ROW(NEW.root_cause, NEW.workaround, NEW.solution, NEW.change_reference))",
                            func="\n        PERFORM itsm_write_own_texts(NEW.ticket_ptr_id, concat_ws(E'\\x1e', NULLIF(NEW.root_cause, ''), NULLIF(NEW.workaround, ''), NULLIF(NEW.solution, ''), NULLIF(NEW.change_reference, '')), '');\n        RETURN NULL;\n    ",
                            hash="ff2fb89661d04e371d2e1392901649b6d2878ecd",
                            operation='UPDATE OF "root_cause", "workaround", "solution", "change_reference"',
                            pgid="pgtrigger_search_own_texts_changed_82fe5",
                            table="problems_problem",
                            when="AFTER",
                        ),
                    ),
                ],
            },
            bases=("tickets.ticket",),
        ),
        migrations.CreateModel(
            name="KnownError",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("symptoms", models.TextField(verbose_name="symptoms")),
                ("cause", models.TextField(blank=True, verbose_name="cause")),
                ("steps", models.TextField(verbose_name="workaround")),
                ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                ("published_at", models.DateTimeField(verbose_name="published")),
                ("withdrawn_at", models.DateTimeField(null=True, verbose_name="withdrawn")),
                (
                    "business_system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="cmdb.businesssystem",
                        verbose_name="business system",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="published by",
                    ),
                ),
                (
                    "problem",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="known_error", to="problems.problem"
                    ),
                ),
                (
                    "items",
                    models.ManyToManyField(
                        blank=True, to="cmdb.configurationitem", verbose_name="configuration items"
                    ),
                ),
            ],
            options={
                "verbose_name": "known error",
                "verbose_name_plural": "known errors",
                "ordering": ["-published_at"],
            },
        ),
        migrations.CreateModel(
            name="KnownErrorUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "known_error",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="problems.knownerror"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_error_uses",
                        to="tickets.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name": "use of a known error",
                "verbose_name_plural": "uses of known errors",
                "constraints": [
                    models.UniqueConstraint(fields=("known_error", "ticket"), name="known_error_once_a_ticket")
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("environment", "Environment"),
                            ("steps", "Steps that show it"),
                            ("reproduced", "Reproduced"),
                            ("business", "Effect on business"),
                            ("risk", "Risk"),
                            ("conclusion", "Conclusion"),
                        ],
                        max_length=20,
                        verbose_name="part",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField()),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "problem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notes", to="problems.problem"
                    ),
                ),
            ],
            options={
                "verbose_name": "part of an investigation",
                "verbose_name_plural": "parts of investigations",
                "constraints": [models.UniqueConstraint(fields=("problem", "part"), name="note_once_a_part")],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("evidence", "Evidence"), ("hypothesis", "Hypothesis")],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(verbose_name="text")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("open", "Open"), ("confirmed", "Confirmed"), ("refuted", "Refuted")],
                        max_length=10,
                        verbose_name="verdict",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="what speaks for the verdict")),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField()),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tickets.timelineentry",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tickets.attachment",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "problem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="evidence", to="problems.problem"
                    ),
                ),
            ],
            options={
                "verbose_name": "evidence",
                "verbose_name_plural": "evidence",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Cause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("method", models.CharField(choices=[("whys", "Five whys"), ("fishbone", "Fishbone")], max_length=10)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("text", models.CharField(max_length=200, verbose_name="cause")),
                ("is_root", models.BooleanField(default=False, verbose_name="root cause")),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="problems.cause",
                    ),
                ),
                (
                    "problem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="causes", to="problems.problem"
                    ),
                ),
            ],
            options={
                "verbose_name": "cause",
                "verbose_name_plural": "causes",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Telling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "known_error",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tellings", to="problems.knownerror"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tickets.ticket"
                    ),
                ),
            ],
            options={
                "verbose_name": "incident that was told",
                "verbose_name_plural": "incidents that were told",
                "constraints": [
                    models.UniqueConstraint(fields=("known_error", "ticket"), name="workaround_told_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Term",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("zh", models.CharField(max_length=60, verbose_name="Chinese")),
                ("en", models.CharField(max_length=60, verbose_name="English")),
            ],
            options={
                "verbose_name": "term",
                "verbose_name_plural": "glossary",
                "ordering": ["en", "zh"],
                "constraints": [models.UniqueConstraint(fields=("zh", "en"), name="term_once")],
            },
        ),
        migrations.CreateModel(
            name="TrendProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("watched", "Watched"),
                            ("dismissed", "Dismissed"),
                            ("raised", "Problem raised"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("finding", models.JSONField()),
                ("level", models.PositiveIntegerField(default=0)),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("found_at", models.DateTimeField()),
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
                    "problem",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="trends",
                        to="problems.problem",
                    ),
                ),
            ],
            options={
                "verbose_name": "trend",
                "verbose_name_plural": "trends",
                "ordering": ["-found_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="IncidentMeeting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="month")),
                ("held_at", models.DateTimeField(verbose_name="held")),
                ("attendance", models.TextField(verbose_name="who attended")),
                ("minutes", models.TextField(verbose_name="minutes")),
                ("decisions", models.TextField(blank=True, verbose_name="decisions")),
                ("written_at", models.DateTimeField(verbose_name="written")),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident meeting",
                "verbose_name_plural": "incident meetings",
                "ordering": ["-held_at", "-pk"],
                "indexes": [models.Index(fields=["month"], name="incident_meeting_month")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="b2883c8c2af5d1fb8e3b911fa18d665b09f0a99d",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_append_only_16fec",
                            table="problems_incidentmeeting",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
    ]
