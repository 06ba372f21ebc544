"""Finding tickets, people and configuration items by words: documents, queries, highlighting."""
