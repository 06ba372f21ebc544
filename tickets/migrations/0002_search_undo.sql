-- Takes back 0002_search.sql.
DROP TRIGGER search_renamed ON cmdb_configurationitem;
DROP TRIGGER search_renamed ON accounts_organisation;
DROP TRIGGER search_renamed ON accounts_user;
DROP TRIGGER search_added ON tickets_timelineentry;
DROP TRIGGER search_removed ON tickets_affecteditem;
DROP TRIGGER search_added ON tickets_affecteditem;
DROP TRIGGER search_changed ON tickets_ticket;
DROP TRIGGER search_added ON tickets_ticket;
DROP FUNCTION itsm_search_renamed(), itsm_search_entries_added(), itsm_search_parts_changed(),
    itsm_search_ticket_changed(), itsm_search_tickets_added();
DROP FUNCTION itsm_write_own_texts(bigint, text, text), itsm_write_documents(bigint[]);
DROP FUNCTION itsm_vector(text), itsm_tails(text), itsm_tokens(text), itsm_fold(text);
