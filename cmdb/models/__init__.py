"""What the provider looks after: business systems, configuration items, how they hang together. Knows no tickets."""

from cmdb.models.audits import Audit, AuditCheck, AuditExtra, AuditPhoto
from cmdb.models.classes import (
    Attribute,
    AttributeVersion,
    CIClass,
    CIClassVersion,
    CIStatus,
    DefinitionVersion,
    Kind,
    UniqueValue,
)
from cmdb.models.compliance import ComplianceRule, ComplianceRuleVersion, ComplianceShare
from cmdb.models.confirming import Confirmation
from cmdb.models.custody import Handover
from cmdb.models.discovery import Difference, Sighting
from cmdb.models.ending import EndLimit, EndLimitVersion
from cmdb.models.identity import IdentityChange
from cmdb.models.imports import ItemImport, ItemMapping
from cmdb.models.items import ConfigurationItem, ItemFacts, ItemVersion
from cmdb.models.jobs import ItemJob
from cmdb.models.queries import Baseline, ItemQuery
from cmdb.models.relations import (
    Affects,
    GraphBatch,
    GraphState,
    Relation,
    RelationType,
    RelationTypeVersion,
    RelationVersion,
)
from cmdb.models.releases import Release
from cmdb.models.resilience import SinglePoints
from cmdb.models.sources import Claim, SourceRanking, SourceRankingVersion, SourceWithdrawal
from cmdb.models.spares import SpareMovement, SparePart
from cmdb.models.systems import BusinessSystem, BusinessSystemClass, BusinessSystemVersion

__all__ = [
    "Affects",
    "Attribute",
    "AttributeVersion",
    "Audit",
    "AuditCheck",
    "AuditExtra",
    "AuditPhoto",
    "Baseline",
    "BusinessSystem",
    "BusinessSystemClass",
    "BusinessSystemVersion",
    "CIClass",
    "CIClassVersion",
    "CIStatus",
    "Claim",
    "ComplianceRule",
    "ComplianceRuleVersion",
    "ComplianceShare",
    "ConfigurationItem",
    "Confirmation",
    "DefinitionVersion",
    "Difference",
    "EndLimit",
    "EndLimitVersion",
    "GraphBatch",
    "GraphState",
    "Handover",
    "IdentityChange",
    "ItemFacts",
    "ItemImport",
    "ItemJob",
    "ItemMapping",
    "ItemQuery",
    "ItemVersion",
    "Kind",
    "Relation",
    "RelationType",
    "RelationTypeVersion",
    "RelationVersion",
    "Release",
    "Sighting",
    "SinglePoints",
    "SourceRanking",
    "SourceRankingVersion",
    "SourceWithdrawal",
    "SpareMovement",
    "SparePart",
    "UniqueValue",
]
