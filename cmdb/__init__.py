"""The configuration database: exact at any moment, under change control (CMDB). Knows no tickets."""
