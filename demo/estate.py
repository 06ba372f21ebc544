"""The demo's estate: what the exchange's systems and the e-government windows run on, wired as usual (CMDB-02).

Every system is a service on applications, these run on hosts, hosts hang on switches, stand in racks, racks on power.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localdate

from accounts.models import Organisation, User
from cmdb.compliance.services import keep_rule, keep_shares
from cmdb.models import BusinessSystem, ComplianceRule, ComplianceShare, ConfigurationItem, RelationType
from cmdb.services import Draft, Link, Stamp, update_item, write_items, write_relations
from cmdb.versioning.moments import replaying
from demo.company import FIRST_ENTRY

RACKS, WINDOWS = 16, 30
#: Of the windows the first so many have a document scanner.
SCANNERS = 12
FREE = Stamp(source="demo", trusted=True)
#: Hosts and databases that the demo names itself, by system; others get two virtual machines.
HOSTS = {
    "phase6-trading": ["host-trade-01", "host-trade-02"],
    "phase6-business": ["host-settle-01"],
    "risk-control": ["host-risk-01", "host-risk-02"],
    "account-opening": ["host-acct-01"],
    "fund-transfer": ["host-fund-01", "host-fund-02"],
    "rtt": ["host-rtt-01"],
    "exchange-website": ["web-site-01", "web-site-02"],
    "member-service": ["host-member-01"],
    "mail-subscription": ["host-mailsub-01"],
    "e-receipt": ["host-receipt-01"],
    "sim-trading": ["host-sim-01"],
    "options-sim": ["host-optsim-01"],
    "member-test": ["host-mtest-01"],
    "huizhan-dr": ["host-dr-01"],
    "office-oa": ["host-oa-01"],
    "intranet-mail": ["host-mail-in-01"],
    "extranet-mail": ["host-mail-out-01"],
    "it-monitoring": ["host-mon-01"],
    "internal-log": ["host-log-01"],
    "office-antivirus": ["host-av-01"],
    "collaboration": ["host-collab-01"],
}
DATABASES = {"phase6-trading": "db-trade", "phase6-business": "db-settle", "e-receipt": "db-receipt"}
OFFICE = {"office-oa", "intranet-mail", "extranet-mail", "collaboration", "office-antivirus", "vehicle", "blackberry"}


def load_estate(now: datetime) -> None:
    """Add what is missing around the items of the demo's file, with a past. Times count back from ``now``."""
    systems = list(BusinessSystem.objects.exclude(system_class__in=["core_network", "non_core_network"]))
    organisations = dict(Organisation.objects.values_list("code", "pk"))
    with replaying(now - FIRST_ENTRY):
        write_items(list(_drafts(systems, organisations)), FREE)
        write_relations(list(_links(systems)), FREE)
    _give_a_past(now)
    _state_rules(now)


def _state_rules(now: datetime) -> None:
    """Two rules of the record with their shares of the last two weeks, one of them not kept to everywhere."""
    manager = User.objects.filter(roles__code="config_manager").first()
    if manager is None:
        return
    said: tuple[tuple[str, str, str, str], ...] = (
        ("政务终端登记位置", "terminal", "a.location=any", "巡检时能找到设备"),
        ("服务器登记操作系统", "server", "a.operating_system=any", "补丁与漏洞核对的依据"),
    )
    for name, ci_class, params, why in said:
        wanted = {"name": name, "ci_class_id": ci_class, "demand": "all", "params": params, "why": why}
        keep_rule(rule=ComplianceRule(), said={**wanted, "active": True}, by=manager)
    keep_shares(now, localdate(now))
    for share in list(ComplianceShare.objects.all()):
        past = [
            ComplianceShare(
                rule=share.rule,
                on=share.on - timedelta(days=days),
                at=share.at - timedelta(days=days),
                of=share.of,
                broken=min(share.of, share.broken + days // 5),
            )
            for days in range(1, 15)
        ]
        ComplianceShare.objects.bulk_create(past)


def _drafts(systems: Iterable[BusinessSystem], organisations: dict[str, int]) -> Iterator[Draft]:
    exchange, egov = organisations["exchange"], organisations["egov"]
    yield from _infrastructure()
    for number, system in enumerate(systems):
        common = {"organisation_id": exchange, "business_system_id": system.pk, "status_id": "in_use"}
        service = {"name": f"{system.name_zh}服务", "ci_class_id": "service", "service_hours": "7×24"}
        yield Draft(f"svc-{system.pk}", {**common, **service})
        for copy in (1, 2):
            name = f"{system.name_zh}应用{copy}"
            app = {"name": name, "ci_class_id": "application", "version": f"V{3 + number % 4}.{copy}"}
            yield Draft(f"app-{system.pk}-{copy}", {**common, **app})
        for copy in (1, 2) if system.pk not in HOSTS else ():
            address = f"10.2.{number}.{10 + copy}"
            host = {"ci_class_id": "server", "ip_address": address, "operating_system": "openEuler 22.03"}
            yield Draft(f"vm-{system.pk}-{copy}", {**common, **host, "name": f"{system.name_zh}虚拟机{copy}"})
    for window in range(6, 6 + WINDOWS):
        common = {"organisation_id": egov, "business_system_id": "business-terminal", "status_id": "in_use"}
        place = {"location": f"政务中心{1 + window % 3}层", "ci_class_id": "terminal"}
        yield Draft(f"pc-gov-{window:02}", {**common, **place, "name": f"{window}号窗口终端"})
        yield Draft(f"prn-gov-{window:02}", {**common, **place, "name": f"{window}号窗口打印机"})
        if window < 6 + SCANNERS:
            yield Draft(f"scan-gov-{window:02}", {**common, **place, "name": f"{window}号窗口高拍仪"})
    for floor in (1, 2, 3):
        common = {"organisation_id": egov, "business_system_id": "business-terminal", "status_id": "in_use"}
        place = {"location": f"政务中心{floor}层大厅", "ci_class_id": "terminal"}
        yield Draft(f"kiosk-gov-{floor}f", {**common, **place, "name": f"{floor}层自助服务终端"})
        yield Draft(f"queue-gov-{floor}f", {**common, **place, "name": f"{floor}层排队叫号机"})


def _infrastructure() -> Iterator[Draft]:
    shared: dict[str, Any] = {"organisation_id": None, "status_id": "in_use"}
    for number in range(1, RACKS + 1):
        room = "A" if number <= RACKS // 2 else "B"
        rack = {"name": f"{room}机房{number:02}号机柜", "ci_class_id": "facility", "room": f"{room}机房"}
        yield Draft(f"rack-{number:02}", {**shared, **rack, "rack": f"{room}{number:02}"})
    for number in range(1, 5):
        host = {"name": f"虚拟化主机{number}", "ci_class_id": "server", "cpu": "64核", "memory": "512 GB"}
        warranty = {"warranty_end": f"202{6 + number % 2}-12-31", "serial_number": f"LX60-{number:04}"}
        yield Draft(f"esx-{number:02}", {**shared, **host, **warranty, "location": f"A机房 A{number:02}-20U"})
    for floor in (1, 2, 3):
        switch = {"name": f"政务中心{floor}层接入交换机", "ci_class_id": "network_device"}
        yield Draft(
            f"sw-gov-{floor}f", {**shared, **switch, "firmware": "V7.1", "location": f"政务中心{floor}层弱电间"}
        )
        ups = {"name": f"政务中心{floor}层UPS", "ci_class_id": "facility", "location": f"政务中心{floor}层弱电间"}
        yield Draft(f"ups-gov-{floor}f", {**shared, **ups})
    for room in ("A", "B"):
        sensor = {"name": f"{room}机房动环监控主机", "ci_class_id": "facility", "room": f"{room}机房"}
        yield Draft(f"env-{room.lower()}", {**shared, **sensor})
    for number in (1, 2):
        cooling = {"name": f"B机房精密空调{number}", "ci_class_id": "facility", "room": "B机房"}
        yield Draft(f"ac-b-{number:02}", {**shared, **cooling})
    yield Draft("sw-srv-01", {**shared, "name": "服务器区汇聚交换机1", "ci_class_id": "network_device"})
    yield Draft("sw-srv-02", {**shared, "name": "服务器区汇聚交换机2", "ci_class_id": "network_device"})


class _Wire:
    """Makes links by identifiers."""

    def __init__(self) -> None:
        self.items = ConfigurationItem.objects.in_bulk(field_name="identifier")
        self.types = RelationType.objects.in_bulk()

    def __call__(self, source: str, kind: str, *targets: str, group: str = "", needed: int = 1) -> Iterator[Link]:
        for target in targets:
            if source in self.items and target in self.items:
                yield Link(self.items[source], self.types[kind], self.items[target], group, needed)


def _links(systems: Iterable[BusinessSystem]) -> Iterator[Link]:
    wire = _Wire()
    hosts: list[str] = []
    for system in systems:
        code = system.pk
        own = HOSTS.get(code) or [f"vm-{code}-1", f"vm-{code}-2"]
        hosts += own
        yield from wire(f"svc-{code}", "depends_on", f"app-{code}-1", f"app-{code}-2", group="应用")
        for copy, host in ((1, own[0]), (2, own[-1])):
            yield from wire(f"app-{code}-{copy}", "runs_on", host)
            yield from wire(f"app-{code}-{copy}", "uses", DATABASES.get(code, ""))
        core = ("sw-office-core-01",) if code in OFFICE else ("sw-srv-01", "sw-srv-02")
        for host in own:
            yield from wire(host, "connects_to", *core, group="网络" if len(core) > 1 else "")
            if host.startswith("vm-"):
                yield from wire(host, "runs_on", "esx-01", "esx-02", "esx-03", "esx-04", group="集群", needed=3)
    yield from _core(wire)
    yield from _power(wire, [*hosts, "esx-01", "esx-02", "esx-03", "esx-04", "array-core-01", "array-biz-01"])
    yield from _windows(wire)


def _core(wire: _Wire) -> Iterator[Link]:
    for switch in ("sw-srv-01", "sw-srv-02"):
        yield from wire(switch, "connects_to", "sw-trade-core-01", "sw-trade-core-02", group="核心")
    yield from wire("svc-phase6-trading", "depends_on", "app-front")
    yield from wire("app-front", "runs_on", "host-front-01", "host-front-02", group="前置")
    for host in ("host-front-01", "host-front-02"):
        yield from wire(host, "connects_to", "sw-trade-core-01", "sw-trade-core-02", group="核心")
    yield from wire("db-trade", "runs_on", "host-tradedb-01", "host-tradedb-02", group="RAC")
    yield from wire("db-settle", "runs_on", "host-settle-01")
    yield from wire("db-receipt", "runs_on", "host-receipt-01")
    for host in ("host-tradedb-01", "host-tradedb-02"):
        yield from wire(host, "uses", "array-core-01")
        yield from wire(host, "connects_to", "fcsw-01")
    yield from wire("array-core-01", "connects_to", "fcsw-01")
    yield from wire("svc-exchange-website", "depends_on", "lb-web-01")
    yield from wire("lb-web-01", "connects_to", "ips-web-01")
    yield from wire("ips-web-01", "connects_to", "line-inet-a")
    yield from wire("svc-fund-transfer", "depends_on", "mw-fund")
    yield from wire("mw-fund", "runs_on", "host-fund-01", "host-fund-02", group="节点")
    yield from wire("svc-office-oa", "depends_on", "app-oa")
    yield from wire("app-oa", "runs_on", "host-oa-01")
    yield from wire("svc-huizhan-dr", "depends_on", "line-dr", "rt-dr-01")
    yield from wire("svc-backup", "runs_on", "host-bak-01")
    yield from wire("host-bak-01", "uses", "tape-01")
    yield from wire("svc-backup", "backs_up", "db-trade", "db-settle", "db-receipt")
    yield from wire("host-dr-01", "backs_up", "host-tradedb-01")


def _power(wire: _Wire, hosts: list[str]) -> Iterator[Link]:
    for number in range(1, RACKS + 1):
        yield from wire(f"rack-{number:02}", "depends_on", "ups-a", "ups-b", group="供电")
        cooling = ("ac-03",) if number <= RACKS // 2 else ("ac-b-01", "ac-b-02")
        yield from wire(f"rack-{number:02}", "uses", *cooling, group="空调" if len(cooling) > 1 else "")
    for room in ("a", "b"):
        yield from wire(f"env-{room}", "connects_to", "sw-srv-01")
    for number, host in enumerate(hosts):
        if not host.startswith("vm-"):
            yield from wire(f"rack-{1 + number % RACKS:02}", "contains", host)


def _windows(wire: _Wire) -> Iterator[Link]:
    yield from wire("sw-gov-core-01", "connects_to", "line-gov")
    for floor in (1, 2, 3):
        yield from wire(f"sw-gov-{floor}f", "connects_to", "sw-gov-core-01")
        yield from wire(f"sw-gov-{floor}f", "depends_on", f"ups-gov-{floor}f")
        for kind in ("kiosk", "queue"):
            yield from wire(f"{kind}-gov-{floor}f", "connects_to", f"sw-gov-{floor}f")
        yield from wire(f"kiosk-gov-{floor}f", "uses", "app-gov-window")
    for window in range(5, 6 + WINDOWS):
        switch = f"sw-gov-{1 + window % 3}f"
        for kind in ("pc", "prn"):
            yield from wire(f"{kind}-gov-{window:02}", "connects_to", switch)
        yield from wire(f"pc-gov-{window:02}", "uses", "app-gov-window", f"scan-gov-{window:02}")


def _give_a_past(now: datetime) -> None:
    """A move that was written late, an upgrade, a correction, a host in maintenance, and an edit nobody allowed."""
    items = ConfigurationItem.objects.in_bulk(field_name="identifier")
    manager = User.objects.filter(roles__code="config_manager").first()

    def edit(days: float, identifier: str, reason: str = "", since: float | None = None, **facts: Any) -> None:
        started = now - timedelta(days=since) if since else None
        told = {"reason": reason, "by": manager, "since": started}
        with replaying(now - timedelta(days=days)):
            stamp = Stamp(source="page", correction=bool(reason), trusted=not reason, **told)
            update_item(item=items[identifier], facts=facts, stamp=stamp)

    edit(90, "esx-04", "搬迁后补登", since=107, location="B机房 B09-20U")
    edit(60, "host-trade-01", "到货标签核对", operating_system="AIX 7.3")
    edit(30, "sw-gov-2f", "巡检核对", location="政务中心2层东弱电间")
    edit(2, "esx-03", "更换内存", status_id="in_maintenance")
    edit(0.2, "sw-trade-core-02", ip_address="10.1.99.254")
