"""Sources of facts: ranked by class and field, what each claims, withdrawn and put back (CMDB-04)."""
