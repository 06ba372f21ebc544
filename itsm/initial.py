"""What the first migration of an app is: tables that it makes one after the other are described to Django together.

For each table Django describes every model anew that the new one is related to, which here is nearly every other: of
two hundred tables that was most of the minute that an empty database took. A new model changes none that is there.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db import migrations


class Migration(migrations.Migration):
    """Ordinary in what it does to the database, faster in how it comes to it."""

    initial = True

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """As Django does, but for tables that are made in a row."""
        if collect_sql:
            return super().apply(project_state, schema_editor, collect_sql)
        for tables, operations in groupby(self.operations, lambda one: isinstance(one, migrations.CreateModel)):
            if tables:
                self._create(list(operations), project_state, schema_editor)
            else:
                part = migrations.Migration(self.name, self.app_label)
                part.operations = list(operations)  # type: ignore[misc]  # Migration copies them for itself, too
                project_state = part.apply(project_state, schema_editor)
        while schema_editor.deferred_sql:
            schema_editor.execute(schema_editor.deferred_sql.pop(0))
        return project_state

    def _create(self, operations: list[Any], state: Any, schema_editor: Any) -> None:
        described = state.apps
        del state.apps  # without it new models are only noted
        for operation in operations:
            operation.state_forwards(self.app_label, state)
        described.render_multiple([state.models[self.app_label, operation.name_lower] for operation in operations])
        state.apps = described
        for operation in operations:
            operation.database_forwards(self.app_label, schema_editor, state, state)
