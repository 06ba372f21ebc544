-- Open rounds of approval, as many as tickets up to 100,000, with one step, one place and two people asked each. Fifty of
-- them wait for bench-agent-0. Triggers are off: counts on tickets are set here.
CREATE TEMP TABLE bench_round AS
SELECT id AS ticket_id, row_number() OVER (ORDER BY id) AS n, created_at AS at, registered_by_id AS asker
FROM tickets_ticket ORDER BY id LIMIT 100000;

CREATE TEMP TABLE bench_people AS
SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM accounts_user WHERE username LIKE 'bench-agent-%';

INSERT INTO approvals_approvalround (ticket_id, purpose, number, content, digest, policy, text, urgent, outcome, asked_by_id, asked_at)
SELECT ticket_id, 'priority', 1,
       '[{"name": "impact", "zh": "建议的影响范围", "en": "Proposed impact", "value": {"id": "I2", "zh": "严重", "en": "Severe"}}]'::jsonb,
       md5(ticket_id::text), '{"code": "", "version": 0, "zh": "变更优先级", "en": "Another priority", "steps": []}'::jsonb,
       '影响扩大，多个终端均可复现', false, 'open', asker, at
FROM bench_round;

INSERT INTO approvals_step (round_id, position, rule, needed, outcome, opened_at, due_at)
SELECT id, 1, 'any', 1, 'open', asked_at, asked_at + interval '24 hours' FROM approvals_approvalround;

INSERT INTO approvals_slot (step_id, position, who)
SELECT id, 1, '{"kind": "role", "role": "change_approver", "zh": "变更审批人", "en": "Change approver"}'::jsonb FROM approvals_step;

INSERT INTO approvals_ask (slot_id, round_id, person_id, how, asked_at, waits)
SELECT place.id, step.round_id, who.id, 'own', step.opened_at, true
FROM approvals_slot place
JOIN approvals_step step ON step.id = place.step_id
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS all_rows FROM approvals_approvalround) round
    ON round.id = step.round_id
JOIN bench_people who ON who.n IN (1 + round.n % 100, 101 + round.n % 99)
    OR (who.n = 0 AND round.n % greatest(round.all_rows / 50, 1) = 0);

UPDATE tickets_ticket SET rounds_open = 1 WHERE id IN (SELECT ticket_id FROM bench_round);
