"""Database triggers: what even raw SQL cannot do to tickets."""

import pgtrigger

#: Refuses states that the kind does not declare, phases that do not belong to the state, and changes of
#: state that no action declares. The tables it reads are written from the lifecycles after each migration.
DECLARED_TRANSITIONS_ONLY = pgtrigger.Trigger(
    name="declared_transitions_only",
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("kind", "state", "phase"),
    when=pgtrigger.Before,
    func="""
        IF NOT EXISTS (SELECT 1 FROM tickets_declaredstate d
                       WHERE d.kind = NEW.kind AND d.state = NEW.state AND d.phase = NEW.phase) THEN
            RAISE EXCEPTION '% %: state % with phase % is not declared',
                NEW.kind, NEW.number, NEW.state, NEW.phase USING ERRCODE = 'check_violation';
        END IF;
        IF TG_OP = 'UPDATE' AND (OLD.state, OLD.kind) IS DISTINCT FROM (NEW.state, NEW.kind)
           AND NOT EXISTS (SELECT 1 FROM tickets_declaredtransition t
                           WHERE t.kind = NEW.kind AND t.source = OLD.state AND t.target = NEW.state
                           AND OLD.kind = NEW.kind) THEN
            RAISE EXCEPTION '% %: no action leads from state % to %',
                NEW.kind, NEW.number, OLD.state, NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)

#: The activity log is never edited or deleted by anyone (TKT-03).
APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
