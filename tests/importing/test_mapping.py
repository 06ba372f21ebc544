"""Mapping files are checked before anything is read."""

from pathlib import Path

import pytest
import yaml

from importing.directory import Directory
from importing.mapping import SHIPPED, MappingError, load_mapping, shipped_mappings

pytestmark = pytest.mark.req("ADM-04")


def changed_mapping(path: Path, **changed: object) -> str:
    """The ServiceNow mapping with other keys, as a file."""
    raw = yaml.safe_load((SHIPPED / "servicenow.yaml").read_text(encoding="utf-8"))
    file = path / "other.yaml"
    file.write_text(yaml.safe_dump(raw | changed, allow_unicode=True), encoding="utf-8")
    return str(file)


@pytest.mark.django_db
@pytest.mark.parametrize("name", shipped_mappings())
def test_shipped_mapping_is_in_order_and_names_known_codes(name: str) -> None:
    Directory(load_mapping(name)).check()


def test_unknown_mapping_names_the_known_ones() -> None:
    with pytest.raises(
        MappingError, match=r"There is no mapping remedy\. Known: gongdan, rabobank_changes, servicenow"
    ):
        load_mapping("remedy")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"colums": {}}, "unknown keys: colums"),
        ({"columns": {"number": "number"}}, "missing columns: opened_at, priority, state"),
        ({"columns": {"number": "a", "state": "b", "opened_at": "c", "priority": "d", "colour": "e"}}, "colour"),
        ({"values": {}}, "missing values: "),
        ({"states": {-100: {"state": "closed"}}}, "put the word -100 in quotation marks"),
        ({"states": {"New": {"status": "closed"}}}, "status"),
        ({"zone": "Asia/Atlantis"}, "unknown time zone Asia/Atlantis"),
        ({"keep": "number"}, "'number' is not a list"),
        ({"kind": "poem"}, "unknown kind: poem"),
        ({"rows": "pages"}, "pages"),
        ({"rows": "items", "columns": {"number": "a", "state": "b", "opened_at": "c", "priority": "d"}}, "item"),
        ({"kind": "problem"}, "unknown columns: close_code, resolved_by, vendor_needed"),
    ],
)
def test_mapping_that_is_not_in_order_says_where(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    with pytest.raises(MappingError) as refused:
        load_mapping(changed_mapping(tmp_path, **changed))
    assert message in str(refused.value)


def test_mapping_that_is_no_yaml_says_so(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("system: [", encoding="utf-8")
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(str(file))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"states": {"New": {"state": "open"}}}, "unknown state: open"),
        ({"states": {"New": {"state": "pending", "wait_reason": "rain"}}}, "unknown wait_reason: rain"),
        ({"groups": {"tier": "tier9"}}, "unknown tier: tier9"),
        ({"items": {"class": "toaster", "status": "in_use"}}, "unknown class: toaster"),
        ({"relations": [{"column": "rfc", "meaning": "loves", "kind": "change"}]}, "unknown meaning: loves"),
    ],
)
def test_mapping_with_an_unknown_code_is_refused(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    with pytest.raises(MappingError) as refused:
        Directory(load_mapping(changed_mapping(tmp_path, **changed))).check()
    assert message in str(refused.value)


@pytest.mark.django_db
def test_unknown_customer_is_refused() -> None:
    with pytest.raises(MappingError, match="no customer with the code nobody"):
        Directory(load_mapping("servicenow"), "nobody").check()
