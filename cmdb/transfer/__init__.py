"""Items in and out: import, export, discovery, taking an import back (CMDB-05, CMDB-08)."""
