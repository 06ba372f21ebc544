"""Graph and single points of failure as they are kept (CMDB-02)."""
