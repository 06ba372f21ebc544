"""Service levels: calendars, policies, clocks, and what the engine says about itself."""

from sla.calendar_models import Calendar, CalendarDay, CalendarVersion
from sla.clock_models import Clock, ClockChange, Segment, Timer
from sla.command_models import ClosingRule, Command, EscalationRule
from sla.engine_models import EngineHeartbeat, EngineState, EngineSwitch
from sla.policy_models import (
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
from sla.rule_models import RuleEdit
from sla.trial_models import TrialRun

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
