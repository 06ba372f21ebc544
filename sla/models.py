"""Service levels: calendars, policies, clocks, and what the engine says about itself."""

from sla.calendars.models import Calendar, CalendarDay, CalendarVersion
from sla.clocks.models import Clock, ClockChange, Segment, Timer
from sla.clocks.rule_models import RuleEdit
from sla.engine.models import EngineHeartbeat, EngineState, EngineSwitch
from sla.orders.models import ClosingRule, Command, EscalationRule
from sla.promises.models import (
    Agreement,
    AgreementKind,
    ContractPhase,
    FaultLevel,
    Metric,
    Moment,
    NoticeRule,
    Policy,
    PolicyVersion,
    Target,
)
from sla.promises.trial_models import TrialRun

__all__ = [
    "Agreement",
    "AgreementKind",
    "Calendar",
    "CalendarDay",
    "CalendarVersion",
    "Clock",
    "ClockChange",
    "ClosingRule",
    "Command",
    "ContractPhase",
    "EngineHeartbeat",
    "EngineState",
    "EngineSwitch",
    "EscalationRule",
    "FaultLevel",
    "Metric",
    "Moment",
    "NoticeRule",
    "Policy",
    "PolicyVersion",
    "RuleEdit",
    "Segment",
    "Target",
    "Timer",
    "TrialRun",
]
