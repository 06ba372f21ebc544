"""What ends soon: warranties, contracts, licences; which spare parts run low; how long before it is told (CMDB-03)."""
