"""What beat starts, and how often; seconds."""

from typing import Any

# Interval entries only: they know no time zones and no clock changes.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "engine": {"task": "sla.tasks.run_engine", "schedule": 2.0, "options": {"expires": 2}},
    "sla-housekeeping": {"task": "sla.tasks.keep_house", "schedule": 3600.0},
    "purge-expired": {"task": "tickets.tasks.purge_expired", "schedule": 3600.0},
    "check-files": {"task": "tickets.tasks.check_files", "schedule": 3600.0},  # once a day
    "refresh-search": {"task": "tickets.tasks.refresh_search", "schedule": 30.0, "options": {"expires": 30}},
    "run-waiting-exports": {"task": "exporting.tasks.run_waiting", "schedule": 3.0, "options": {"expires": 3}},
    "run-approvals": {"task": "approvals.tasks.run_due_steps", "schedule": 20.0, "options": {"expires": 20}},
    "run-change-effects": {"task": "changes.tasks.run_due_effects", "schedule": 5.0, "options": {"expires": 5}},
    "run-changes": {"task": "changes.tasks.run_due_changes", "schedule": 60.0, "options": {"expires": 60}},
    "single-points": {"task": "cmdb.tasks.keep_single_points", "schedule": 30.0, "options": {"expires": 30}},
    "run-item-jobs": {"task": "cmdb.tasks.run_jobs", "schedule": 3.0, "options": {"expires": 3}},
    "run-trials": {"task": "sla.tasks.run_trials", "schedule": 3.0, "options": {"expires": 3}},
    "service-reports": {"task": "reports.tasks.make_service_reports", "schedule": 900.0},
    "keep-facts": {"task": "reports.tasks.keep_facts", "schedule": 3.0, "options": {"expires": 3}},
    "targets": {"task": "reports.tasks.tell_crossings", "schedule": 900.0},
    "send-scheduled": {"task": "reports.tasks.send_scheduled", "schedule": 30.0, "options": {"expires": 30}},
    "remove-sent-files": {"task": "reports.tasks.remove_sent_files", "schedule": 24 * 3600.0},
    "check-figures": {"task": "reports.tasks.check_figures", "schedule": 24 * 3600.0},
    "change-report": {"task": "changes.tasks.tell_month", "schedule": 6 * 3600.0},
    "problem-register": {"task": "problems.tasks.tell_month", "schedule": 6 * 3600.0},
    "find-trends": {"task": "problems.tasks.find_trends", "schedule": 86400.0},
    "purge-exports": {"task": "exporting.tasks.purge", "schedule": 3600.0},
    "keep-compliance": {"task": "cmdb.tasks.keep_compliance", "schedule": 3600.0},
    "purge-item-job-files": {"task": "cmdb.tasks.purge_job_files", "schedule": 3600.0},
}
