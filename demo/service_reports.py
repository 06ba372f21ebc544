"""Last month's service reports of the demo's customers: one that was sent, the others waiting as drafts (RPT-02)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from django.utils import timezone

from accounts.models import User
from reports.monthly.contacts import customers
from reports.monthly.reports import approve_report, edit_report, first_working_day, make_report, send_report

#: Whose report was approved and sent.
SENT_TO = "exchange"
IMPROVEMENTS = (
    "1. 行情前置会话数告警阈值由 80% 调整为 70%，提前发现容量不足。\n"
    "2. 会员端登录失败的常见处理写入知识条目，由服务台直接答复。"
)


def load_service_reports(now: datetime) -> None:
    """Those of last month, made on the first working day at nine; one was approved and sent the same morning."""
    month = timezone.localtime(now).date().replace(day=1)
    at = min(now, timezone.make_aware(datetime.combine(first_working_day(month), time(9))))
    for customer in customers():
        made = make_report(customer=customer, month=month - relativedelta(months=1), now=at)
        if made is not None and customer.code == SENT_TO:
            manager, leader = (User.objects.get(username=name) for name in ("manager", "leader"))
            edit_report(report=made, user=manager, improvements=IMPROVEMENTS, now=at)
            approve_report(report=made, user=leader, now=at + timedelta(hours=1))
            send_report(report=made, user=leader, now=at + timedelta(hours=1))
