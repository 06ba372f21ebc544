-- The bench's tickets: what a desk of this size has after two years. Read by bench/load.py, which copies the views
-- load_ticket, load_incident, load_entry and load_document into the tables; columns that a view leaves out get their
-- defaults.
-- Setting needed: bench.tickets, how many. Everything is drawn once, into temporary tables.

SELECT setseed(0.42);

CREATE TEMP TABLE bench_requester AS
SELECT row_number() OVER (ORDER BY id) - 1 AS slot, id, organisation_id
FROM accounts_user WHERE username LIKE 'bench-requester-%';

CREATE TEMP TABLE bench_member AS
SELECT g.id AS group_id, m.user_id, g.slot AS group_slot,
       row_number() OVER (PARTITION BY g.id ORDER BY m.user_id) - 1 AS slot, count(*) OVER (PARTITION BY g.id) AS members
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS slot FROM accounts_supportgroup) g
JOIN accounts_supportgroup_members m ON m.supportgroup_id = g.id;

CREATE TEMP TABLE bench_choice AS
SELECT (SELECT array_agg(code ORDER BY position) FROM cmdb_businesssystem) AS systems,
       (SELECT array_agg(name_zh ORDER BY position) FROM cmdb_businesssystem) AS system_names,
       (SELECT array_agg(id ORDER BY position) FROM tickets_category WHERE parent_id IS NOT NULL) AS categories,
       ARRAY['phone', 'phone', 'phone', 'monitoring', 'monitoring', 'email', 'portal', 'api', 'inspection'] AS sources,
       ARRAY['登录时提示密码错误', '页面打开缓慢', '报表导出失败', '行情数据延迟', '打印机无法连接', '邮箱收不到外部邮件',
             '数据库连接超时', '磁盘空间不足告警', '接口返回超时', '证书即将过期', '终端无法联网', '批处理任务未完成',
             '远程桌面中断', '查询结果不完整', '客户端更新后闪退', '短信验证码收不到', '权限不足无法审批', '文件上传失败',
             '交换机端口告警', '备份任务失败'] AS symptoms,
       ARRAY['用户来电反映问题从今天上午开始出现，重新登录后仍未恢复。', '影响本部门约十名同事，其他部门暂无反馈。',
             '已尝试清除缓存并更换终端，现象相同。', '错误提示截图已由用户通过邮件提供。', '业务暂时改用备用流程，请尽快处理。',
             '监控系统同时出现相关告警，可能与昨晚的变更有关。'] AS sentences;

-- Draws. Live tickets (5 %) are mostly young; a few have been lying about for long.
CREATE TEMP TABLE bench_draw AS
SELECT i AS id,
       now() - interval '730 days' * (1 - (i - random()) / n) AS created,
       CASE WHEN random() < CASE WHEN i > n * 0.95 THEN 0.8 ELSE 0.0105 END THEN 'live'
            WHEN i > n * 0.9 AND random() < 0.2 THEN 'resolved' ELSE 'closed' END AS stage,
       random() AS state, random() AS urgent, random() AS due, random() AS share, random() AS quick, random() AS claimed,
       floor(30 * random() ^ 2)::int AS group_slot, random() AS member,
       floor(5000 * random() ^ 1.5)::int AS requester_slot,
       random() AS system, random() AS category, random() AS source, random() AS symptom, random() AS sentence
FROM generate_series(1, current_setting('bench.tickets')::int) i, (SELECT current_setting('bench.tickets')::float AS n) total;

-- States, priorities, and when what happened. A live ticket's limit is drawn first (two in five are over, one in ten
-- is near), and the clock's start follows from it.
CREATE TEMP TABLE bench_row AS
WITH stated AS (
    SELECT d.*,
           CASE WHEN stage <> 'live' THEN stage WHEN state < 0.10 THEN 'registered' WHEN state < 0.40 THEN 'assigned'
                WHEN state < 0.85 THEN 'in_progress' ELSE 'pending' END AS state_code,
           CASE WHEN urgent < 0.01 THEN 1 WHEN urgent < 0.05 THEN 2 WHEN urgent < 0.20 THEN 3
                WHEN urgent < 0.70 THEN 4 ELSE 5 END AS rank
    FROM bench_draw d
), limited AS (
    SELECT s.*, p.code AS priority_id, p.response_minutes * interval '1 min' AS response,
           p.resolve_minutes * interval '1 min' AS resolve,
           CASE state_code WHEN 'assigned' THEN p.response_minutes ELSE p.resolve_minutes END * interval '1 min' AS target
    FROM stated s JOIN tickets_priority p ON p.rank = s.rank
), due AS (
    SELECT *, CASE WHEN due < 0.4 THEN now() - interval '30 days' * share ^ 3
                   WHEN due < 0.5 THEN now() + target * 0.2 * share
                   ELSE now() + target * (0.2 + 0.8 * share) END AS due_at
    FROM limited
), assigned AS (
    SELECT *, CASE WHEN state_code = 'registered' THEN NULL
                   WHEN state_code = 'assigned' THEN due_at - target
                   WHEN state_code = 'in_progress' THEN due_at - target - response * quick
                   ELSE created + interval '20 min' * quick END AS assigned_at
    FROM due
), worked AS (
    SELECT *, CASE WHEN state_code = 'in_progress' THEN due_at - target
                   WHEN state_code IN ('pending', 'resolved', 'closed') THEN least(now(), assigned_at + response * 1.2 * share)
              END AS responded_at
    FROM assigned
), solved AS (
    SELECT *, CASE WHEN stage <> 'live' THEN least(now(), responded_at + resolve * 1.2 * due) END AS resolved_at
    FROM worked
)
SELECT s.*, least(created, assigned_at - interval '3 min') AS created_at,
       CASE WHEN stage = 'closed' THEN least(now(), resolved_at + interval '2 days' * quick) END AS closed_at,
       CASE WHEN state_code = 'registered' THEN NULL ELSE m.group_id END AS group_id,
       CASE WHEN state_code = 'registered' OR (state_code = 'assigned' AND claimed < 0.4) THEN NULL ELSE m.user_id END
           AS assignee_id,
       r.id AS requester_id, r.organisation_id
FROM solved s
JOIN bench_requester r ON r.slot = s.requester_slot
JOIN bench_member m ON m.group_slot = s.group_slot AND m.slot = floor(s.member * m.members);

CREATE TEMP TABLE bench_number AS
SELECT id, day, row_number() OVER (PARTITION BY day ORDER BY id) AS position
FROM (SELECT id, (created_at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM bench_row) days;

INSERT INTO tickets_numbercounter (prefix, day, last) SELECT 'IM', day, max(position) FROM bench_number GROUP BY day;

ANALYZE bench_row;
ANALYZE bench_number;

-- Words to search for (bench/subjects.py): in every second ticket, in 500, in 5, spread over all of the time.
CREATE TEMP TABLE bench_mark AS
SELECT i AS id, CASE WHEN i % 2 = 0 THEN '已通知值班经理。' ELSE '' END
                || CASE WHEN i % greatest(n / 500, 1) = n / 1000 THEN '更换光纤收发器。' ELSE '' END
                || CASE WHEN i % (n / 5) = n / 10 THEN '涉及量子加密机 QKD-9000。' ELSE '' END AS marks
FROM generate_series(1, current_setting('bench.tickets')::int) i, (SELECT current_setting('bench.tickets')::int AS n) total;
ANALYZE bench_mark;

CREATE TEMP VIEW load_ticket AS
SELECT r.id, 'incident' AS kind, 'IM' || to_char(n.day, 'YYMMDD') || lpad(n.position::text, 6, '0') AS number,
       state_code AS state,
       CASE WHEN stage <> 'live' THEN stage WHEN state_code = 'pending' THEN 'waiting' ELSE 'open' END AS phase,
       1 + (responded_at IS NOT NULL)::int + (resolved_at IS NOT NULL)::int AS version,
       system_names[1 + floor(system * cardinality(systems))] || symptoms[1 + floor(symptom * cardinality(symptoms))]
           || '（终端' || (r.id::bigint * 7919) % 9973 || '）' AS summary,
       sentences[1 + floor(sentence * 6)] || sentences[1 + floor(symptom * 6)] || sentences[1 + floor(member * 6)]
           || marks AS description,
       priority_id, rank AS priority_rank, 'I' || rank AS impact_id, 'normal' AS urgency_id, 'incident' AS nature_id,
       sources[1 + floor(source * cardinality(sources))] AS source_id,
       categories[1 + floor(category * cardinality(categories))] AS category_id,
       systems[1 + floor(system * cardinality(systems))] AS business_system_id,
       1 + floor(claimed * 3) AS complexity,
       organisation_id, requester_id, '81234567' AS contact_phone, requester_id AS registered_by_id, group_id, assignee_id,
       created_at, greatest(created_at, assigned_at, responded_at, resolved_at, closed_at) AS updated_at,
       assigned_at, responded_at, resolved_at, closed_at,
       assigned_at + response AS planned_response_at, responded_at + resolve AS planned_completion_at,
       responded_at <= assigned_at + response AS responded_in_time,
       resolved_at <= responded_at + resolve AS completed_in_time,
       CASE WHEN state_code IN ('assigned', 'in_progress') THEN due_at ELSE '9000-01-01 00:00+00' END AS queue_due_at,
       CASE WHEN state_code IN ('assigned', 'in_progress')
            THEN due_at - least(greatest(target / 5, interval '10 min'), target)
            ELSE '9000-01-01 00:00+00' END AS due_soon_at,
       CASE WHEN state_code = 'pending' THEN 'vendor' END AS wait_reason_id,
       CASE WHEN state_code = 'pending' THEN now() + interval '3 days' * share END AS wait_until,
       CASE WHEN state_code = 'pending' THEN responded_at + (now() - responded_at) * quick END AS waiting_since,
       CASE WHEN stage = 'closed' AND claimed < 0.3 THEN 'satisfied' END AS satisfaction_id
FROM bench_row r JOIN bench_number n ON n.id = r.id JOIN bench_mark k ON k.id = r.id, bench_choice
ORDER BY r.id;

CREATE TEMP VIEW load_incident AS
SELECT r.id AS ticket_ptr_id,
       CASE WHEN resolved_at IS NULL THEN '' ELSE sentences[1 + floor(member * 6)] END AS cause,
       CASE WHEN resolved_at IS NULL THEN '' ELSE sentences[1 + floor(sentence * 6)] END AS handling,
       CASE WHEN resolved_at IS NOT NULL THEN g.tier END AS close_code_id,
       CASE WHEN resolved_at IS NOT NULL THEN assignee_id END AS resolved_by_id
FROM bench_row r LEFT JOIN accounts_supportgroup g ON g.id = group_id, bench_choice
ORDER BY r.id;

-- In the order of time, as they came: the lines of one ticket lie far apart on the disk.
CREATE TEMP VIEW load_entry AS
SELECT row_number() OVER (ORDER BY at, ticket_id) AS id, e.* FROM (
    SELECT id AS ticket_id, created_at AS at, requester_id AS actor_id, 'register' AS action, 'web' AS via,
           true AS is_public, '' AS state_from, 'registered' AS state_to, '' AS text, '[]'::jsonb AS changes
    FROM bench_row
    UNION ALL
    SELECT id, assigned_at, COALESCE(assignee_id, requester_id), 'assign', 'web', true, 'registered', 'assigned', '',
           jsonb_build_array(jsonb_build_object('field', 'group', 'old', NULL, 'new',
               jsonb_build_object('id', 'bench-group-' || group_slot, 'zh', '支持组', 'en', 'Support')))
    FROM bench_row WHERE assigned_at IS NOT NULL
    UNION ALL
    SELECT id, COALESCE(closed_at, resolved_at, responded_at), assignee_id,
           CASE stage WHEN 'closed' THEN 'close' WHEN 'resolved' THEN 'resolve' ELSE 'start' END, 'web', true,
           CASE stage WHEN 'closed' THEN 'resolved' WHEN 'resolved' THEN 'in_progress' ELSE 'assigned' END,
           CASE stage WHEN 'closed' THEN 'closed' WHEN 'resolved' THEN 'resolved' ELSE 'in_progress' END,
           sentences[1 + floor(symptom * 6)], '[]'::jsonb
    FROM bench_row, bench_choice WHERE responded_at IS NOT NULL
) e
ORDER BY at, ticket_id;

-- Documents of the search, put together from the few texts that there are: reading every text anew, as the portal's
-- trigger does, would take a quarter of an hour.
CREATE TEMP TABLE bench_head AS
SELECT n, m, itsm_tokens(name || symptom) AS words
FROM bench_choice, unnest(system_names) WITH ORDINALITY AS a (name, n), unnest(symptoms) WITH ORDINALITY AS b (symptom, m);

CREATE TEMP TABLE bench_terminal AS SELECT n, itsm_tokens('终端' || n) AS words FROM generate_series(0, 9972) n;

CREATE TEMP TABLE bench_sentence AS
SELECT n, itsm_tokens(text) AS words FROM bench_choice, unnest(sentences) WITH ORDINALITY AS a (text, n);

CREATE TEMP TABLE bench_mark_words AS SELECT marks, itsm_tokens(marks) AS words FROM (SELECT DISTINCT marks FROM bench_mark) m;
CREATE TEMP TABLE bench_requester_words AS
SELECT r.id, itsm_tokens(concat_ws(' ', u.full_name, u.full_name_en, u.username, '81234567', o.name_zh, o.name_en)) AS words
FROM bench_requester r JOIN accounts_user u ON u.id = r.id JOIN accounts_organisation o ON o.id = r.organisation_id;

ANALYZE bench_terminal;
ANALYZE bench_requester_words;

CREATE TEMP VIEW load_document AS
SELECT ticket_id, public || cause AS everything, CASE WHEN cause <> ''::tsvector THEN public END AS public
FROM (
    SELECT r.id AS ticket_id,
           (lower(t.number) || ':1')::tsvector || itsm_tails(t.number) || head.words || terminal.words
               || first.words || second.words || third.words || m.words || q.words
               || CASE WHEN responded_at IS NULL THEN '' ELSE second.words END
               || CASE WHEN resolved_at IS NULL THEN '' ELSE first.words END AS public,
           CASE WHEN resolved_at IS NULL THEN '' ELSE third.words END AS cause
    FROM bench_row r
    JOIN (SELECT id, number FROM tickets_ticket) t ON t.id = r.id
    JOIN bench_mark k ON k.id = r.id
    JOIN bench_mark_words m ON m.marks = k.marks
    JOIN bench_requester_words q ON q.id = r.requester_id
    JOIN bench_choice ON true
    JOIN bench_head head ON head.n = 1 + floor(system * cardinality(systems)) AND head.m = 1 + floor(symptom * cardinality(symptoms))
    JOIN bench_terminal terminal ON terminal.n = (r.id::bigint * 7919) % 9973
    JOIN bench_sentence first ON first.n = 1 + floor(sentence * 6)
    JOIN bench_sentence second ON second.n = 1 + floor(symptom * 6)
    JOIN bench_sentence third ON third.n = 1 + floor(member * 6)
) texts
ORDER BY ticket_id;
