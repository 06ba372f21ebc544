-- Search by core PostgreSQL: how texts become tokens, and the triggers that keep tickets_searchdocument true.
-- tickets/search/words.py cuts what is searched for in the same way; docs/decisions/0011 says why it is like this.

-- One spelling for all: half-width, without accents, lower case; the same whatever the locale of the database.
CREATE FUNCTION itsm_fold(source text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    -- Most texts need none of this: Chinese with its punctuation, and ASCII.
    IF source ~ '[^\u0001-\u007f\u3000-\u3003\u3008-\u3011\u4e00-\u9fff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff60]' THEN
        source := normalize(regexp_replace(normalize(source, NFKD), '[\u0300-\u036f]', '', 'g'), NFC);
        source := translate(source,
            'ÆÐØÞĐĦŁŊŒŦΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ',
            'æðøþđħłŋœŧαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюя');
    END IF;
    RETURN lower(source COLLATE "C");
END $$;

-- Words of letters and digits as they are; characters of Chinese and its neighbours in overlapping pairs, the last one
-- alone: 证书过期 gives 证书 书过 过期 期. Positions stand beside each other, so that phrases are found; they start again
-- after 16000, because PostgreSQL counts no further. U+001E separates texts: no phrase reaches across.
CREATE FUNCTION itsm_tokens(source text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(string_agg(token || ':' || 1 + position % 16000, ' '), '')::tsvector
    FROM (
        SELECT found[1] AS word, found[2] AS characters,
               sum(CASE WHEN found[2] IS NOT NULL THEN char_length(found[2]) WHEN found[1] IS NOT NULL THEN 1 ELSE 8 END)
                   OVER (ORDER BY n) AS until
        FROM regexp_matches(itsm_fold(source),
            '([0-9a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff]+)'
            '|([\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+)'
            '|\u001e', 'g') WITH ORDINALITY AS runs (found, n)
    ) run
    CROSS JOIN LATERAL (
        SELECT left(word, 60) AS token, until - 1 AS position WHERE word IS NOT NULL
        UNION ALL
        SELECT substr(characters, i, 2), until - char_length(characters) + i - 1
        FROM generate_series(1, char_length(characters)) i
    ) tokens
$$;

-- The ends of a number, by which people name it on the phone: IM261122000017 gives #017 #0017 … #261122000017.
CREATE FUNCTION itsm_tails(number text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(string_agg('#' || right(digits, size), ' '), '')::tsvector
    FROM (SELECT substring(number FROM '[0-9]+$') AS digits) found, generate_series(3, 12) size
    WHERE size <= char_length(digits)
$$;

-- The tokens of a whole ticket. A value of this type must stay below 1 MB: of very long ones the beginning is kept.
CREATE FUNCTION itsm_vector(source text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    IF char_length(source) <= 20000 THEN
        RETURN itsm_tokens(source);
    END IF;
    BEGIN
        RETURN itsm_tokens(left(source, 60000));
    EXCEPTION WHEN program_limit_exceeded THEN
        RETURN itsm_tokens(left(source, 20000));
    END;
END $$;

-- Writes the documents of tickets from what is stored now. Whoever changes texts of one ticket at the same time waits
-- for the lock here and then reads what the other one wrote. Who stores many parts of many tickets one after the other
-- says so (itsm.search_later) and writes the documents once at the end. The number in another system is for staff:
-- requesters do not read it, so they do not find by it.
CREATE FUNCTION itsm_write_documents(ids bigint[]) RETURNS void
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

-- Texts that only a kind of ticket has; called by triggers on the tables of kinds (tickets/search/triggers.py).
CREATE FUNCTION itsm_write_own_texts(id bigint, internal text, open text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tickets_searchdocument (ticket_id, own, own_public, everything) VALUES (id, internal, open, '')
    ON CONFLICT (ticket_id) DO UPDATE SET own = EXCLUDED.own, own_public = EXCLUDED.own_public;
    PERFORM itsm_write_documents(ARRAY[id]);
END $$;

CREATE FUNCTION itsm_search_tickets_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM itsm_write_documents(ids) FROM (SELECT array_agg(id) AS ids FROM added) rows WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER search_added AFTER INSERT ON tickets_ticket
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION itsm_search_tickets_added();

CREATE FUNCTION itsm_search_ticket_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM itsm_write_documents(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE TRIGGER search_changed AFTER UPDATE OF number, summary, description, external_number, requester_id,
    organisation_id, contact_phone, contact_email, satisfaction_comment ON tickets_ticket
FOR EACH ROW WHEN ((OLD.number, OLD.summary, OLD.description, OLD.external_number, OLD.requester_id,
    OLD.organisation_id, OLD.contact_phone, OLD.contact_email, OLD.satisfaction_comment)
    IS DISTINCT FROM (NEW.number, NEW.summary, NEW.description, NEW.external_number, NEW.requester_id,
    NEW.organisation_id, NEW.contact_phone, NEW.contact_email, NEW.satisfaction_comment))
EXECUTE FUNCTION itsm_search_ticket_changed();

-- A ticket that is being deleted with its parts may have lost its document already: it must not come back.
CREATE FUNCTION itsm_search_parts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM itsm_write_documents(ids) FROM (
        SELECT array_agg(DISTINCT d.ticket_id) AS ids FROM parts JOIN tickets_searchdocument d USING (ticket_id)
    ) rows WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER search_added AFTER INSERT ON tickets_affecteditem
REFERENCING NEW TABLE AS parts FOR EACH STATEMENT EXECUTE FUNCTION itsm_search_parts_changed();
CREATE TRIGGER search_removed AFTER DELETE ON tickets_affecteditem
REFERENCING OLD TABLE AS parts FOR EACH STATEMENT EXECUTE FUNCTION itsm_search_parts_changed();

CREATE FUNCTION itsm_search_entries_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM itsm_write_documents(ids) FROM (
        SELECT array_agg(DISTINCT ticket_id) AS ids FROM parts WHERE text <> ''
    ) rows WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER search_added AFTER INSERT ON tickets_timelineentry
REFERENCING NEW TABLE AS parts FOR EACH STATEMENT EXECUTE FUNCTION itsm_search_entries_added();

-- A new name stands in every document that mentions it. That can be many: they are written in the background.
CREATE FUNCTION itsm_search_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tickets_staledocuments (subject, key, done_until) VALUES (TG_ARGV[0], NEW.id, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER search_renamed AFTER UPDATE OF username, full_name, full_name_en ON accounts_user
FOR EACH ROW WHEN ((OLD.username, OLD.full_name, OLD.full_name_en)
    IS DISTINCT FROM (NEW.username, NEW.full_name, NEW.full_name_en))
EXECUTE FUNCTION itsm_search_renamed('person');
CREATE TRIGGER search_renamed AFTER UPDATE OF name_zh, name_en ON accounts_organisation
FOR EACH ROW WHEN ((OLD.name_zh, OLD.name_en) IS DISTINCT FROM (NEW.name_zh, NEW.name_en))
EXECUTE FUNCTION itsm_search_renamed('organisation');
CREATE TRIGGER search_renamed AFTER UPDATE OF identifier, name ON cmdb_configurationitem
FOR EACH ROW WHEN ((OLD.identifier, OLD.name) IS DISTINCT FROM (NEW.identifier, NEW.name))
EXECUTE FUNCTION itsm_search_renamed('item');
