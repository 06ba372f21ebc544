"""What can happen to a row is an attribute of its model, never a class that the model is made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState

from records.lifecycle import families
from tests.architecture.sources import APPS
from tickets.lifecycle import kinds

pytestmark = pytest.mark.req("TKT-06")

OURS = [config for config in apps.get_app_configs() if config.name.split(".")[0] in {*APPS, "itsm", "tests"}]
MIGRATIONS = [path for config in OURS for path in (Path(config.path) / "migrations").glob("[!_]*.py")]


def foreign_bases(tree: ast.Module) -> Iterator[str]:
    """What the ``bases`` of a migration name that is neither a model by its label nor of ``django.db.models``."""
    given = [word.value for word in ast.walk(tree) if isinstance(word, ast.keyword) and word.arg == "bases"]
    named = [base for bases in given for base in (bases.elts if isinstance(bases, ast.Tuple) else [bases])]
    for base in named:
        text = ast.unparse(base)
        if not text.startswith("models.") and not (isinstance(base, ast.Constant) and isinstance(base.value, str)):
            yield text


def not_models(model: type[models.Model]) -> list[str]:
    """Classes of ours that ``model`` is made of without being models themselves."""
    return [
        cls.__name__
        for cls in model.__mro__
        if not issubclass(cls, models.Model) and cls.__module__.split(".")[0] not in {"builtins", "django"}
    ]


def undeclared(model: Any) -> set[str]:
    """Transitions of ``model`` that its ``lifecycle`` does not name."""
    found = {name for cls in model.__mro__ for name, value in vars(cls).items() if hasattr(value, "_django_fsm")}
    return found - set(model.lifecycle)


def test_migrations_name_models_alone_as_bases() -> None:
    assert len(MIGRATIONS) > len(OURS) / 2
    found = {path.name: named for path in MIGRATIONS if (named := [*foreign_bases(ast.parse(path.read_text()))])}

    assert found == {}


def test_a_lifecycle_among_the_bases_of_a_migration_is_found() -> None:
    tree = ast.parse('CreateModel(bases=(tasks.lifecycle.TaskLifecycle, "tickets.ticket", models.Model))')

    assert [*foreign_bases(tree)] == ["tasks.lifecycle.TaskLifecycle"]


def test_models_stand_on_what_the_migrations_say() -> None:
    """Django does not compare them: ``makemigrations --check`` finds nothing when they differ."""
    said = MigrationLoader(None).project_state().models
    labels = {config.label for config in OURS}
    found = {key: state.bases for key, state in said.items() if key[0] in labels}

    assert found
    assert found == {key: ModelState.from_model(apps.get_model(*key)).bases for key in found}


def test_models_are_made_of_models_alone() -> None:
    made = {model.__name__: named for config in OURS for model in config.get_models() if (named := not_models(model))}

    assert made == {}


def test_a_model_changes_its_state_by_its_lifecycle_alone() -> None:
    made = [*(kind.model for kind in kinds()), *(family.model for family in families())]

    assert {model.__name__: names for model in made if (names := undeclared(model))} == {}
