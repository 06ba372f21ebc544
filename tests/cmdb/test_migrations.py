"""What the minimal database knew is kept: attributes of classes, and every item as its own first version."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.req("CMDB-04")]
BEFORE, AFTER = [("cmdb", "0001_initial")], [("cmdb", "0004_attributes_as_rows")]


@pytest.fixture
def old_state() -> Iterator[object]:
    """The models as they were; the database is as it is now again afterwards."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    yield executor.migrate(BEFORE).apps
    MigrationExecutor(connection).migrate(leaves)


def test_items_and_attributes_of_administrators_are_kept(old_state: object) -> None:
    get = old_state.get_model  # type: ignore[attr-defined]
    names = {"name_zh": "x", "name_en": "x"}
    get("cmdb", "CIClass").objects.filter(code__in=["own", "server", "hardware"]).delete()
    get("cmdb", "CIStatus").objects.get_or_create(code="in_use", defaults=names)
    for code, own in (("hardware", ["location"]), ("server", ["location", "power"])):
        get("cmdb", "CIClass").objects.create(code=code, attributes=own, **names)
    get("cmdb", "ConfigurationItem").objects.create(
        identifier="OLD", name="old", ci_class_id="server", status_id="in_use", attributes={"power": "750"}
    )

    executor = MigrationExecutor(connection)
    executor.loader.build_graph()
    new = executor.migrate(AFTER).apps.get_model
    version = new("cmdb", "ItemVersion").objects.get(identifier="OLD")
    assert (version.name, version.attributes, version.authority) == ("old", {"power": "750"}, "first")
    assert version.recorded.upper is None
    assert list(new("cmdb", "Attribute").objects.filter(ci_class="server").values_list("code")) == [("power",)]
    assert new("cmdb", "CIClass").objects.get(code="server").parent_id == "hardware"
