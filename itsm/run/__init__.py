"""Starting, watching, migrating, backing up and restoring the portal (ADM-02)."""
