"""Relations as a graph in memory: impact, paths, pictures (CMDB-04)."""
