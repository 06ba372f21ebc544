"""Known errors for the bench: thousands of everyday ones, among them those that callers tell of in other words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

#: As they are published, in one language or the other: (title, symptoms), and how somebody who has it tells it.
PAIRS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "zh": (
        ("VPN 网关会话上限", "远程接入 VPN 连接后数秒即断开，提示会话数已满", "在家用VPN连上几秒就断开"),
        ("交易终端行情停更", "盘中行情画面停止刷新，需重启客户端", "终端行情画面不刷新了"),
        ("邮箱配额误判", "邮箱未满却提示容量已满，无法发送邮件", "发邮件提示邮箱容量已满"),
        ("打印服务假死", "打印任务排队后没有输出，队列无法清空", "打印任务一直排队打不出来"),
        ("数据库连接池耗尽", "应用报连接池耗尽，页面长时间等待后超时", "页面等很久然后超时，日志说连接池耗尽"),
        ("单点登录令牌失效", "登录门户后跳转其他系统要求重新输入口令", "从门户跳转过去又要重新输入口令"),
        ("证书链缺失", "浏览器提示证书不受信任，内部网站打不开", "浏览器说网站证书不受信任"),
        ("批量对账任务卡住", "夜间对账批处理停在第三步，次日报表为空", "今早对账报表是空的"),
        ("磁盘阵列缓存电池", "存储写入突然变慢，阵列告警缓存电池故障", "存储写入很慢，还有缓存电池告警"),
        ("短信网关限流", "验证码短信延迟十分钟以上才收到", "验证码短信要等十几分钟才收到"),
        ("附件预览白屏", "预览大附件时页面白屏，下载正常", "附件预览是白屏，下载可以打开"),
        ("移动端推送丢失", "手机端收不到审批推送，登录后才看到", "手机收不到审批推送"),
        ("时钟偏差导致认证失败", "服务器时间偏差超过五分钟，域认证失败", "域认证失败，发现服务器时间偏差"),
        ("报表导出乱码", "导出报表用表格软件打开后中文乱码", "导出的报表打开全是乱码"),
        ("无线漫游掉线", "在楼层间走动时无线网络掉线，需重新连接", "换楼层无线网络就掉线"),
        ("客户端升级循环", "客户端反复提示升级，升级后仍是旧版本", "客户端每次打开都提示升级"),
        ("委托回报延迟", "委托提交后回报延迟数十秒，状态停在已报", "委托回报很慢，一直是已报状态"),
        ("视频会议回声", "视频会议中出现严重回声，更换麦克风无效", "开视频会议有很大的回声"),
        ("共享盘权限丢失", "迁移后共享盘目录提示拒绝访问", "共享盘目录打不开，拒绝访问"),
        ("备份窗口超长", "备份任务超过窗口，早上系统响应缓慢", "早上系统响应缓慢，备份任务还在跑"),
    ),
    "en": (
        (
            "VPN gateway session limit",
            "Remote access drops seconds after connecting",
            "VPN drops seconds after I connect",
        ),
        (
            "Ticker freezes",
            "Quotes stop refreshing until the terminal is restarted",
            "quotes on my terminal stopped refreshing",
        ),
        (
            "Mailbox quota miscounted",
            "Sending refused: mailbox full although it is not",
            "cannot send mail, says mailbox full",
        ),
        ("Print spooler hangs", "Print jobs stay queued and nothing is printed", "my print jobs stay queued"),
        (
            "Connection pool exhausted",
            "Pages time out, log shows connection pool exhausted",
            "pages time out, connection pool",
        ),
        (
            "Single sign-on token expires",
            "Portal jump asks for the password again",
            "jumping from the portal asks my password again",
        ),
        (
            "Certificate chain incomplete",
            "Browser warns certificate not trusted",
            "browser says certificate is not trusted",
        ),
        (
            "Reconciliation batch stalls",
            "Nightly reconciliation stops, report empty next day",
            "reconciliation report empty today",
        ),
        (
            "Array cache battery",
            "Storage writes slow, array reports cache battery",
            "storage writes slow, cache battery alert",
        ),
        (
            "Text gateway throttled",
            "Verification codes arrive ten minutes late",
            "verification codes arrive very late",
        ),
        ("Attachment preview blank", "Preview of large attachments stays blank", "attachment preview stays blank"),
        ("Push lost on phones", "Approval push never reaches the phone", "no approval push on my phone"),
        (
            "Clock skew breaks Kerberos",
            "Kerberos fails when server clock is off",
            "kerberos fails, server clock is off",
        ),
        (
            "Export shows gibberish",
            "Exported spreadsheet opens with gibberish characters",
            "exported spreadsheet has gibberish",
        ),
        ("Wireless roaming drops", "Wireless drops when walking between floors", "wireless drops between floors"),
        ("Client update loop", "Client asks to update at every start", "client asks to update every start"),
        (
            "Order confirmations late",
            "Confirmations of orders arrive half a minute late",
            "order confirmations arrive late",
        ),
        ("Conference echo", "Loud echo in video conferences", "there is a loud echo in video conference"),
        (
            "Share permissions lost",
            "Shared folder denies access after migration",
            "access denied on the shared folder",
        ),
        ("Backup window overruns", "Backup overruns, mornings are slow", "slow in the morning, backup still running"),
    ),
}
_ZH = (
    *("登录", "打印", "邮件", "行情", "报表", "委托", "审批", "备份", "存储", "视频", "附件", "短信", "证书", "对账"),
    *("共享盘", "无线", "门户", "网关", "数据库", "终端"),
)
_ZH_FAULTS = (
    *("偶发超时", "提示权限不足", "结果不完整", "重启后恢复", "界面闪退", "响应缓慢", "告警频繁", "任务失败"),
    *("无法保存", "数据重复", "字段为空", "排序错误", "连接中断"),
)
_EN = ("login", "printing", "mail", "quotes", "reports", "orders", "approvals", "backup", "storage", "conference")
_EN_FAULTS = ("times out", "lacks permission", "is incomplete", "crashes", "is slow", "alerts often", "cannot save")
_WHERE = [
    f"{place}{number:02d}" for place in ("节点", "机房", "分区", "node ", "site ", "zone ") for number in range(1, 21)
]


def texts(count: int) -> Iterator[tuple[str, str]]:
    """(title, symptoms) of ``count`` known errors: those of the pairs first, then what every product has."""
    for rows in PAIRS.values():
        yield from ((title, symptoms) for title, symptoms, _told in rows)
    zh = (
        (f"{what}{fault}（{where}）", f"{where} {what}{fault}，{after}")
        for where, what, fault, after in product(_WHERE, _ZH, _ZH_FAULTS, ("升级之后出现", "高峰时段出现"))
    )
    en = (
        (f"{what.title()} {fault} ({where})", f"{what} {fault} at {where} {after}")
        for where, what, fault, after in product(_WHERE, _EN, _EN_FAULTS, ("after an upgrade", "at peak hours"))
    )
    rest = count - sum(len(rows) for rows in PAIRS.values())
    for one, other in islice(zip(zh, en, strict=False), rest // 2):
        yield one
        yield other
