"""Lists of tickets: views, filters, columns, kept views (TKT-08)."""
