"""People, organisations, groups, roles and tokens: who is who, and who may what (ORG, ADM)."""
