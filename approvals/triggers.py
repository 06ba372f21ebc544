"""What even raw SQL cannot do to decisions."""

import pgtrigger

APPEND_ONLY = pgtrigger.Protect(name="decision_append_only", operation=pgtrigger.Update | pgtrigger.Delete)

#: What was asked, and of whom it was kept away, never changes once it was asked.
KEPT_AS_ASKED = pgtrigger.Trigger(
    name="round_kept_as_asked",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    func="""
        IF (OLD.ticket_id, OLD.purpose, OLD.number, OLD.digest, OLD.content, OLD.policy, OLD.asked_at)
           IS DISTINCT FROM
           (NEW.ticket_id, NEW.purpose, NEW.number, NEW.digest, NEW.content, NEW.policy, NEW.asked_at) THEN
            RAISE EXCEPTION 'what was asked in round % does not change', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)
#: Tickets know how many rounds about them are open, so that pages need not ask.
COUNTED = pgtrigger.Trigger(
    name="rounds_counted",
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.After,
    func="""
        UPDATE tickets_ticket SET rounds_open = (
            SELECT count(*) FROM approvals_approvalround one
            WHERE one.ticket_id = tickets_ticket.id AND one.outcome = 'open'
        ) WHERE id = COALESCE(NEW.ticket_id, OLD.ticket_id);
        RETURN NULL;
    """,
)
EXCLUSION_STAYS = pgtrigger.Protect(name="exclusion_stays", operation=pgtrigger.Update | pgtrigger.Delete)

#: Four eyes, and steps in order: who is kept away decides neither for themselves nor for another, nor does another
#: account with the same employee number; a step decides only while it and its round are open.
FOUR_EYES = pgtrigger.Trigger(
    name="decision_four_eyes",
    operation=pgtrigger.Insert,
    when=pgtrigger.Before,
    func="""
        IF EXISTS (
            SELECT 1 FROM approvals_excluded e
            JOIN accounts_user kept ON kept.id = e.person_id
            JOIN accounts_user one ON one.id IN (NEW.person_id, NEW.for_person_id)
            WHERE e.round_id = NEW.round_id AND (one.id = kept.id OR (
                one.employee_number <> '' AND one.employee_number = kept.employee_number
                AND one.organisation_id = kept.organisation_id))
        ) THEN
            RAISE EXCEPTION 'four eyes: % may not decide round %', NEW.person_id, NEW.round_id
                USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM approvals_slot place
            JOIN approvals_step step ON step.id = place.step_id
            JOIN approvals_approvalround round ON round.id = step.round_id
            WHERE place.id = NEW.slot_id AND step.id = NEW.step_id AND round.id = NEW.round_id
            AND step.outcome = 'open' AND round.outcome = 'open' AND round.digest = NEW.digest
        ) THEN
            RAISE EXCEPTION 'step % of round % is not open', NEW.step_id, NEW.round_id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """,
)
