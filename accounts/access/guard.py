"""The administration's log is evidence: its rows are never changed, removed or emptied, whoever asks (SEC-03).

The table is Django's, so its triggers are not on a model. A later migration that must change a row runs ``LIFT``
before and ``GUARD`` after.
"""

from __future__ import annotations

GUARD = """
CREATE OR REPLACE FUNCTION itsm_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are only added here, never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END $$;
CREATE OR REPLACE TRIGGER log_stays BEFORE UPDATE OR DELETE ON django_admin_log
    FOR EACH ROW EXECUTE FUNCTION itsm_log_stays();
CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON django_admin_log
    FOR EACH STATEMENT EXECUTE FUNCTION itsm_log_stays();
"""
LIFT = """
DROP TRIGGER IF EXISTS never_emptied ON django_admin_log;
DROP TRIGGER IF EXISTS log_stays ON django_admin_log;
DROP FUNCTION IF EXISTS itsm_log_stays();
"""
