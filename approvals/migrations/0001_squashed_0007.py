import django.core.validators
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
            name="ApprovalRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(max_length=20, verbose_name="question")),
                ("number", models.PositiveSmallIntegerField(verbose_name="round")),
                ("content", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("policy", models.JSONField()),
                ("text", models.TextField(blank=True, verbose_name="text")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("waiting", "not yet its turn"),
                            ("open", "asked"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("returned", "returned with a condition"),
                            ("fallen", "fallen: the content changed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approval_rounds",
                        to="tickets.ticket",
                    ),
                ),
                ("urgent", models.BooleanField(default=False, verbose_name="urgent")),
            ],
            options={
                "verbose_name": "approval",
                "verbose_name_plural": "approvals",
                "ordering": ["-asked_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("ticket", "purpose", "number"), name="round_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "open")),
                        fields=("ticket", "purpose"),
                        name="one_open_round_a_question",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="round_kept_as_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (OLD.ticket_id, OLD.purpose, OLD.number, OLD.digest, OLD.content, OLD.policy, OLD.asked_at,\n            OLD.asked_by_id, OLD.text)\n           IS DISTINCT FROM\n           (NEW.ticket_id, NEW.purpose, NEW.number, NEW.digest, NEW.content, NEW.policy, NEW.asked_at,\n            NEW.asked_by_id, NEW.text) THEN\n            RAISE EXCEPTION 'what was asked in round % does not change', OLD.id USING ERRCODE = 'check_violation';\n        END IF;\n        IF OLD.outcome <> NEW.outcome AND OLD.outcome <> 'open'\n           AND NOT (OLD.outcome = 'approved' AND NEW.outcome IN ('fallen', 'withdrawn')) THEN\n            RAISE EXCEPTION 'round % has ended', OLD.id USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n    ",
                            hash="a5ddf6d6b48f9b9ef2b5a858849921cb52c0cc52",
                            operation="UPDATE",
                            pgid="pgtrigger_round_kept_as_asked_d897c",
                            table="approvals_approvalround",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="rounds_counted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        UPDATE tickets_ticket SET rounds_open = (\n            SELECT count(*) FROM approvals_approvalround one\n            WHERE one.ticket_id = tickets_ticket.id AND one.outcome = 'open'\n        ) WHERE id = COALESCE(NEW.ticket_id, OLD.ticket_id);\n        RETURN NULL;\n    ",
                            hash="c256d0e9bd79517b1fb8c48b5ae99200df569dc0",
                            operation="INSERT OR UPDATE OR DELETE",
                            pgid="pgtrigger_rounds_counted_df20c",
                            table="approvals_approvalround",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("made_at", models.DateTimeField()),
                (
                    "deputy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="stands in",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delegations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "delegation",
                "verbose_name_plural": "delegations",
                "ordering": ["starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="delegation_ends_after"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("person", models.F("deputy")), _negated=True), name="delegation_to_another"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Excluded",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("requester", "asks for it"),
                            ("editor", "made the last edit of substance"),
                            ("implementer", "carries it out"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="excluded",
                        to="approvals.approvalround",
                    ),
                ),
            ],
            options={
                "verbose_name": "kept from deciding",
                "verbose_name_plural": "kept from deciding",
                "constraints": [models.UniqueConstraint(fields=("round", "person"), name="excluded_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="exclusion_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="44974f52afbf3239c9964f026c3f62070e68b460",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_exclusion_stays_1609c",
                            table="approvals_excluded",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_zh", models.CharField(max_length=200, verbose_name="Chinese name")),
                ("name_en", models.CharField(max_length=200, verbose_name="English name")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("kind", models.CharField(max_length=20, verbose_name="kind of ticket")),
                ("purpose", models.CharField(max_length=20, verbose_name="question")),
                (
                    "grade",
                    models.CharField(
                        blank=True,
                        help_text="Such as the type of a change; empty: every one.",
                        max_length=40,
                        verbose_name="grade",
                    ),
                ),
                (
                    "risk",
                    models.CharField(blank=True, help_text="Empty: every one.", max_length=20, verbose_name="risk"),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "approval policy",
                "verbose_name_plural": "approval policies",
                "ordering": ["kind", "purpose", "grade", "risk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("active", True)),
                        fields=("kind", "purpose", "grade", "risk"),
                        name="policy_for_one_case",
                        violation_error_message="Another active policy is for the same question, grade and risk.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyDecider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "step",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)], verbose_name="step"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("person", "a person"),
                            ("role", "whoever has a role"),
                            ("permission", "whoever has a right"),
                            ("group_lead", "lead of a group"),
                            ("on_duty", "on duty in a group"),
                            ("department_manager", "manager of the requester's department"),
                            ("decision_makers", "decision makers of the organisation"),
                            ("interface_person", "interface person of the organisation"),
                        ],
                        max_length=20,
                        verbose_name="who",
                    ),
                ),
                ("each", models.BooleanField(default=False, verbose_name="each of them")),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deciders", to="approvals.policy"
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.role",
                        verbose_name="role",
                    ),
                ),
                ("permission", models.CharField(blank=True, max_length=40, verbose_name="right")),
                (
                    "otherwise",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("group_lead", "lead of a group"),
                            ("on_duty", "on duty in a group"),
                            ("department_manager", "manager of the requester's department"),
                            ("decision_makers", "decision makers of the organisation"),
                            ("interface_person", "interface person of the organisation"),
                        ],
                        help_text="Asked instead where nobody is found, or only who may not decide.",
                        max_length=20,
                        verbose_name="where nobody may",
                    ),
                ),
            ],
            options={
                "verbose_name": "decider",
                "verbose_name_plural": "deciders",
                "ordering": ["step", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PolicyStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)], verbose_name="step"
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[("all", "all of them"), ("any", "one of them"), ("some", "so many of them")],
                        default="all",
                        max_length=4,
                        verbose_name="needed",
                    ),
                ),
                (
                    "needed",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)], verbose_name="how many"
                    ),
                ),
                (
                    "due_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="due after (hours)",
                    ),
                ),
                ("remind_hours", models.PositiveSmallIntegerField(default=12, verbose_name="reminded after (hours)")),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="approvals.policy"
                    ),
                ),
                (
                    "substitute_role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.role",
                        verbose_name="asked too when it is overdue",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of an approval",
                "verbose_name_plural": "steps of an approval",
                "ordering": ["position"],
                "constraints": [models.UniqueConstraint(fields=("policy", "position"), name="policy_step_once")],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                ("steps", models.JSONField()),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="approvals.policy"
                    ),
                ),
            ],
            options={
                "verbose_name": "version of an approval policy",
                "verbose_name_plural": "versions of approval policies",
                "ordering": ["-number"],
                "constraints": [models.UniqueConstraint(fields=("policy", "number"), name="policy_version_once")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="exclusion_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="2be3efad0beab909e74868e92b93b72a850df950",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_exclusion_stays_456dc",
                            table="approvals_policyversion",
                            when="BEFORE",
                        ),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="step")),
                (
                    "rule",
                    models.CharField(
                        choices=[("all", "all of them"), ("any", "one of them"), ("some", "so many of them")],
                        max_length=4,
                    ),
                ),
                ("needed", models.PositiveSmallIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("waiting", "not yet its turn"),
                            ("open", "asked"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("returned", "returned with a condition"),
                            ("fallen", "fallen: the content changed"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField(null=True)),
                ("remind_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True, verbose_name="due")),
                ("next_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="approvals.approvalround"
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a round",
                "verbose_name_plural": "steps of rounds",
                "ordering": ["round", "position"],
                "indexes": [
                    models.Index(condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="step_next")
                ],
                "constraints": [models.UniqueConstraint(fields=("round", "position"), name="round_step_once")],
            },
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("who", models.JSONField()),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="approvals.step"
                    ),
                ),
            ],
            options={
                "verbose_name": "place in a step",
                "verbose_name_plural": "places in steps",
                "ordering": ["step", "position"],
                "constraints": [models.UniqueConstraint(fields=("step", "position"), name="slot_once")],
            },
        ),
        migrations.CreateModel(
            name="Ask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("own", "asked"),
                            ("delegate", "stands in"),
                            ("instead", "instead: nobody else is there"),
                            ("substitute", "substitute: overdue, or nobody else may"),
                        ],
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("waits", models.BooleanField(default=True)),
                (
                    "for_person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approval_asks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="asks", to="approvals.approvalround"
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="asks", to="approvals.slot"
                    ),
                ),
            ],
            options={
                "verbose_name": "asking",
                "verbose_name_plural": "askings",
                "indexes": [
                    models.Index(condition=models.Q(("waits", True)), fields=["person", "round"], name="ask_waiting"),
                    models.Index(fields=["person", "round"], name="ask_of_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("slot", "person", "for_person"), name="ask_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("approve", "Approve"), ("return", "Approve with a condition"), ("refuse", "Refuse")],
                        max_length=8,
                        verbose_name="decision",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("web", "Page"),
                            ("api", "API"),
                            ("link", "Link in a mail"),
                            ("system", "System"),
                            ("import", "Import"),
                        ],
                        max_length=10,
                        verbose_name="came by",
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                (
                    "for_person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="approvals.approvalround",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="decisions", to="approvals.slot"
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="decisions", to="approvals.step"
                    ),
                ),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "ordering": ["at", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("slot",), name="one_decision_a_place"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("for_person", None),
                            models.Q(("for_person", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="decides_for_another",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="decision_append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="90ec563ad6ac529e758d8310409135104ba128d9",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_decision_append_only_6e059",
                            table="approvals_decision",
                            when="BEFORE",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="decision_four_eyes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF EXISTS (\n            SELECT 1 FROM approvals_excluded e\n            JOIN accounts_user kept ON kept.id = e.person_id\n            JOIN accounts_user one ON one.id IN (NEW.person_id, NEW.for_person_id)\n            WHERE e.round_id = NEW.round_id AND (one.id = kept.id OR (\n                one.employee_number <> '' AND one.employee_number = kept.employee_number\n                AND one.organisation_id = kept.organisation_id))\n        ) THEN\n            RAISE EXCEPTION 'four eyes: % may not decide round %', NEW.person_id, NEW.round_id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF EXISTS (\n            SELECT 1 FROM approvals_decision d\n            JOIN accounts_user had ON had.id IN (d.person_id, d.for_person_id)\n            JOIN accounts_user one ON one.id IN (NEW.person_id, NEW.for_person_id)\n            WHERE d.round_id = NEW.round_id AND (one.id = had.id OR (\n                one.employee_number <> '' AND one.employee_number = had.employee_number\n                AND one.organisation_id = had.organisation_id))\n        ) THEN\n            RAISE EXCEPTION 'once: % decided in round % already', NEW.person_id, NEW.round_id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NOT EXISTS (\n            SELECT 1 FROM approvals_slot place\n            JOIN approvals_step step ON step.id = place.step_id\n            JOIN approvals_approvalround round ON round.id = step.round_id\n            WHERE place.id = NEW.slot_id AND step.id = NEW.step_id AND round.id = NEW.round_id\n            AND step.outcome = 'open' AND round.outcome = 'open' AND round.digest = NEW.digest\n        ) THEN\n            RAISE EXCEPTION 'step % of round % is not open', NEW.step_id, NEW.round_id\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n    ",
                            hash="c975d66c10b5b45c31c5afbecd9d675eb5622f15",
                            operation="INSERT",
                            pgid="pgtrigger_decision_four_eyes_3e6f0",
                            table="approvals_decision",
                            when="BEFORE",
                        ),
                    ),
                ],
            },
        ),
    ]
