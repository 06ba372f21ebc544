"""Problems: causes of incidents that happened or may happen (PRB)."""
