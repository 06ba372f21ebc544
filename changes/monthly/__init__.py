"""The monthly report of changes (变更服务报告): figures, tables, an analysis of trouble in the process (CHG-10)."""
