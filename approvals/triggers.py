"""What even raw SQL cannot do to decisions."""

import pgtrigger

APPEND_ONLY = pgtrigger.Protect(name="decision_append_only", operation=pgtrigger.Update | pgtrigger.Delete)

#: What was asked never changes once it was asked; a round ends once, and only what is approved still falls.
KEPT_AS_ASKED = pgtrigger.Trigger(
    name="round_kept_as_asked",
    operation=pgtrigger.Update,
    when=pgtrigger.Before,
    func="""
        IF (OLD.ticket_id, OLD.purpose, OLD.number, OLD.digest, OLD.content, OLD.policy, OLD.asked_at,
            OLD.asked_by_id, OLD.text)
           IS DISTINCT FROM
           (NEW.ticket_id, NEW.purpose, NEW.number, NEW.digest, NEW.content, NEW.policy, NEW.asked_at,
            NEW.asked_by_id, NEW.text) THEN
            RAISE EXCEPTION 'what was asked in round % does not change', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.outcome <> NEW.outcome AND OLD.outcome <> 'open'
           AND NOT (OLD.outcome = 'approved' AND NEW.outcome IN ('fallen', 'withdrawn')) THEN
            RAISE EXCEPTION 'round % has ended', OLD.id USING ERRCODE = 'check_violation';
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
#: account with the same employee number, and nobody decides twice in a round, whichever step and for whomever; a step
#: decides only while it and its round are open.
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
        IF EXISTS (
            SELECT 1 FROM approvals_decision d
            JOIN accounts_user had ON had.id IN (d.person_id, d.for_person_id)
            JOIN accounts_user one ON one.id IN (NEW.person_id, NEW.for_person_id)
            WHERE d.round_id = NEW.round_id AND (one.id = had.id OR (
                one.employee_number <> '' AND one.employee_number = had.employee_number
                AND one.organisation_id = had.organisation_id))
        ) THEN
            RAISE EXCEPTION 'once: % decided in round % already', NEW.person_id, NEW.round_id
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
