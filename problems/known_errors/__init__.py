"""Known errors: published, offered at intake, taken, told (PRB-05, INC-02)."""
