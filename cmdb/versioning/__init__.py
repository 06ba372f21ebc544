"""The two times of every fact: when it was so, and when it was known (CMDB-03)."""
