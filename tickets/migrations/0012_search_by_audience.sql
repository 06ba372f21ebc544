-- The number in another system is for staff: requesters do not read it, so they do not find by it.
CREATE OR REPLACE FUNCTION itsm_write_documents(ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('itsm.search_later', true) = 'on' THEN
        RETURN;
    END IF;
    PERFORM 1 FROM tickets_searchdocument WHERE ticket_id = ANY (ids) ORDER BY ticket_id FOR NO KEY UPDATE;
    INSERT INTO tickets_searchdocument AS d (ticket_id, own, own_public, everything, public)
    SELECT id, '', '', itsm_vector(open_text || internal_text) || tails || internal_tails,
           CASE WHEN internal_text <> '' THEN itsm_vector(open_text) || tails END
    FROM (
        SELECT t.id, itsm_tails(t.number) AS tails, itsm_tails(t.external_number) AS internal_tails,
               concat_ws(E'\x1e', t.number, t.summary, left(t.description, 20000), r.full_name,
                   r.full_name_en, r.username, t.contact_phone, t.contact_email, o.name_zh, o.name_en,
                   t.satisfaction_comment, left(own.own_public, 20000), said.open_text) AS open_text,
               concat_ws(E'\x1e', '', NULLIF(t.external_number, ''), NULLIF(left(own.own, 20000), ''),
                   said.internal_text, affected.names) AS internal_text
        FROM unnest(ids) AS wanted (ticket_id)
        JOIN tickets_ticket t ON t.id = wanted.ticket_id
        JOIN accounts_organisation o ON o.id = t.organisation_id
        LEFT JOIN accounts_user r ON r.id = t.requester_id
        LEFT JOIN tickets_searchdocument own ON own.ticket_id = t.id
        LEFT JOIN LATERAL (
            SELECT string_agg(left(e.text, 20000), E'\x1e' ORDER BY e.at DESC, e.id DESC)
                       FILTER (WHERE e.is_public AND p.action IS NULL) AS open_text,
                   string_agg(left(e.text, 20000), E'\x1e' ORDER BY e.at DESC, e.id DESC)
                       FILTER (WHERE NOT (e.is_public AND p.action IS NULL)) AS internal_text
            FROM tickets_timelineentry e
            LEFT JOIN tickets_declaredprivatetext p ON p.kind = t.kind AND p.action = e.action
            WHERE e.ticket_id = t.id AND e.text <> ''
        ) said ON true
        LEFT JOIN LATERAL (
            SELECT string_agg(concat_ws(E'\x1e', i.identifier, i.name), E'\x1e' ORDER BY i.identifier) AS names
            FROM tickets_affecteditem a JOIN cmdb_configurationitem i ON i.id = a.item_id
            WHERE a.ticket_id = t.id
        ) affected ON true
    ) texts
    ON CONFLICT (ticket_id) DO UPDATE SET everything = EXCLUDED.everything, public = EXCLUDED.public
    WHERE (d.everything, d.public) IS DISTINCT FROM (EXCLUDED.everything, EXCLUDED.public);
END $$;
