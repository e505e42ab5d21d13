"""Storage accounts, key vaults and databases."""

from __future__ import annotations

from typing import Final

from ztkit.collect.demo.estate import Kind, Resource, Scene
from ztkit.collect.demo.template import ABSENT, Ago, Feature, Made, Pick, Since, Switch, Text


def tenant_of(scene: Scene, _: Resource) -> str:
    """The tenant's id, as JSON."""
    return f'"{scene.organisation.tenant}"'


def private_endpoint(feature: Feature) -> Switch:
    """The list of private endpoint connections: one that is approved, or none."""
    link = {
        "id": Text("{r.id}/privateEndpointConnections/{r.name}-pe"),
        "properties": {
            "privateEndpoint": {
                "id": Text("{r.place.prefix}Microsoft.Network/privateEndpoints/pep-{r.name}")
            },
            "privateLinkServiceConnectionState": {"status": "Approved", "description": "Approved"},
        },
    }
    return Switch(feature, [link], [])


def classification(of: str) -> dict[str, Switch]:
    """A tag that says how sensitive the data are; some stores have none, some a word that says nothing."""
    level = Pick(
        f"{of}.level", ("Internal", "Confidential", "Internal", "Public", "Confidential", "Restricted")
    )
    return {
        "dataClassification": Switch(
            Feature(f"{of}.classified", (70, 58, 44, 32)),
            level,
            Pick(f"{of}.no-level", (ABSENT, ABSENT, "tbd")),
        )
    }


def own_key(of: str, own: object, platform: object) -> Switch:
    """Encryption under the organisation's own key; the programme for that has only begun."""
    return Switch(Feature(f"{of}.own-key", (88, 84, 76, 66)), own, platform)


_STORAGE_OPEN = Feature("storage.open", (44, 36, 27, 19))
_STORAGE_CLOSED = Feature("storage.public-endpoint", (72, 63, 52, 44))
SHARED_KEY: Final = Feature("storage.shared-key", (82, 75, 64, 46))
_KEYS_ROTATED = Feature("storage.keys-rotated", (88, 80, 70, 58))
STORAGE: Final[Kind] = Kind(
    "Microsoft.Storage/storageAccounts",
    "st{r.plain}{r.number}",
    share=80,
    least=24,
    kind=Pick("storage.kind", ("StorageV2",) * 9 + ("FileStorage", "BlobStorage", "StorageV2")),
    sku={"name": Pick("storage.sku", ("Standard_LRS", "Standard_ZRS", "Standard_GRS")), "tier": "Standard"},
    tags=classification("storage"),
    identity=own_key("storage", {"type": "SystemAssigned", "tenantId": Made(tenant_of)}, ABSENT),
    properties={
        "supportsHttpsTrafficOnly": Switch(Feature("storage.https", (12, 8, 4, 2)), True, False),
        "minimumTlsVersion": Switch(
            Feature("storage.tls", (30, 22, 9, 5)),
            "TLS1_2",
            Pick("storage.old-tls", ("TLS1_0", ABSENT, "TLS1_1")),
        ),
        "allowBlobPublicAccess": Switch(
            Feature("storage.anonymous", (34, 24, 13, 7)),
            False,
            Pick("storage.anonymous-how", (True, ABSENT)),
        ),
        "allowSharedKeyAccess": Switch(SHARED_KEY, False, Pick("storage.shared-key-how", (True, ABSENT))),
        "defaultToOAuthAuthentication": Switch(Feature("storage.oauth", (80, 72, 66, 58)), True, False),
        "allowCrossTenantReplication": Switch(
            Feature("storage.cross-tenant", (58, 51, 43, 35)),
            False,
            Pick("storage.cross-tenant-how", (True, ABSENT)),
        ),
        "allowedCopyScope": Switch(Feature("storage.copy-scope", (95, 92, 88, 81)), "AAD", ABSENT),
        "publicNetworkAccess": Switch(_STORAGE_CLOSED, "Disabled", "Enabled"),
        "networkAcls": {
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": Switch(
                Feature("storage.wide-rule", (4, 4, 3, 3)),
                Switch(_STORAGE_CLOSED, [], [{"value": "203.0.113.24", "action": "Allow"}]),
                [{"value": "64.0.0.0/3", "action": "Allow"}],
            ),
            "defaultAction": Switch(_STORAGE_OPEN, "Deny", "Allow"),
        },
        "privateEndpointConnections": private_endpoint(_STORAGE_CLOSED),
        "isLocalUserEnabled": Switch(Feature("storage.local-user", (26, 24, 20, 16)), False, True),
        "isSftpEnabled": Switch(Feature("storage.sftp", (6, 6, 7, 7)), False, True),
        "isHnsEnabled": Pick("storage.hns", (False, False, True)),
        "keyPolicy": Switch(
            Feature("storage.key-policy", (78, 73, 66, 55)), {"keyExpirationPeriodInDays": 90}, ABSENT
        ),
        "sasPolicy": Switch(
            Feature("storage.sas-policy", (88, 82, 74, 61)),
            {"sasExpirationPeriod": "07.00:00:00", "expirationAction": "Log"},
            ABSENT,
        ),
        "keyCreationTime": {
            "key1": Switch(_KEYS_ROTATED, Ago(5, 80, "storage.key1"), Since("storage.key1", 100, 1200)),
            "key2": Switch(_KEYS_ROTATED, Ago(5, 80, "storage.key2"), Since("storage.key2", 100, 1200)),
        },
        "encryption": {
            "services": {
                "file": {"keyType": "Account", "enabled": True},
                "blob": {"keyType": "Account", "enabled": True},
            },
            "keySource": own_key("storage", "Microsoft.Keyvault", "Microsoft.Storage"),
            "requireInfrastructureEncryption": Switch(
                Feature("storage.twice", (94, 92, 88, 85)), True, ABSENT
            ),
        },
        "accessTier": "Hot",
        "provisioningState": "Succeeded",
        "creationTime": Since("storage.made", 60, 2200),
        "primaryLocation": Text("{r.place.location}"),
        "statusOfPrimary": "available",
        "primaryEndpoints": {
            "blob": Text("https://{r.name}.blob.core.windows.net/"),
            "file": Text("https://{r.name}.file.core.windows.net/"),
        },
    },
)

_VAULT_OPEN = Feature("vault.open", (52, 44, 33, 24))
_VAULT_CLOSED = Feature("vault.public-endpoint", (76, 68, 59, 50))
VAULT: Final[Kind] = Kind(
    "Microsoft.KeyVault/vaults",
    "kv-{r.plain}{r.number}",
    share=45,
    least=16,
    tags=classification("vault"),
    properties={
        "sku": {"family": "A", "name": Pick("vault.sku", ("standard", "standard", "premium"))},
        "tenantId": Made(tenant_of),
        "vaultUri": Text("https://{r.name}.vault.azure.net/"),
        "enableSoftDelete": Switch(Feature("vault.soft-delete", (3, 2, 1.5, 1)), True, False),
        "softDeleteRetentionInDays": Pick("vault.retention", (90, 90, 7, 30)),
        "enablePurgeProtection": Switch(Feature("vault.purge", (46, 38, 24, 12)), True, ABSENT),
        "enableRbacAuthorization": Switch(Feature("vault.rbac", (64, 52, 38, 26)), True, False),
        "accessPolicies": Switch(
            Feature("vault.rbac", (64, 52, 38, 26)),
            [],
            [
                {
                    "tenantId": Made(tenant_of),
                    "objectId": Made(
                        lambda scene, item: f'"{scene.organisation.guid("vault/" + item.name)}"'
                    ),
                    "permissions": {"keys": [], "secrets": ["get", "list", "set"], "certificates": ["get"]},
                }
            ],
        ),
        "enabledForDeployment": Switch(Feature("vault.deployment", (22, 19, 15, 12)), False, True),
        "enabledForTemplateDeployment": Switch(Feature("vault.template", (30, 26, 22, 17)), False, True),
        "enabledForDiskEncryption": False,
        "publicNetworkAccess": Switch(_VAULT_CLOSED, "Disabled", "Enabled"),
        "networkAcls": Switch(
            _VAULT_OPEN,
            {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []},
            Pick(
                "vault.open-how",
                (
                    {
                        "bypass": "AzureServices",
                        "defaultAction": "Allow",
                        "ipRules": [],
                        "virtualNetworkRules": [],
                    },
                    ABSENT,
                ),
            ),
        ),
        "privateEndpointConnections": private_endpoint(_VAULT_CLOSED),
        "provisioningState": "Succeeded",
    },
)

_SQL_PUBLIC = Feature("sql.public", (48, 40, 31, 21))
SQL_SERVER: Final[Kind] = Kind(
    "Microsoft.Sql/servers",
    "sql-{r.label}-{r.number}",
    share=13,
    least=10,
    kind="v12.0",
    tags=classification("sql"),
    identity=own_key("sql", {"type": "SystemAssigned"}, ABSENT),
    properties={
        "administratorLogin": "hmsqladmin",
        "version": "12.0",
        "state": "Ready",
        "fullyQualifiedDomainName": Text("{r.name}.database.windows.net"),
        "minimalTlsVersion": Switch(
            Feature("sql.tls", (24, 17, 9, 4)), "1.2", Pick("sql.old-tls", ("None", "1.0"))
        ),
        "publicNetworkAccess": Switch(_SQL_PUBLIC, "Disabled", "Enabled"),
        "restrictOutboundNetworkAccess": Switch(
            Feature("sql.outbound", (90, 85, 78, 68)), "Enabled", "Disabled"
        ),
        "privateEndpointConnections": private_endpoint(_SQL_PUBLIC),
        "administrators": Switch(
            Feature("sql.entra", (8, 6, 4, 2)),
            {
                "administratorType": "ActiveDirectory",
                "principalType": Switch(Feature("sql.admin-group", (40, 34, 25, 18)), "Group", "User"),
                "login": "sg-sql-administrators",
                "tenantId": Made(tenant_of),
                "azureADOnlyAuthentication": Switch(Feature("sql.entra-only", (74, 62, 48, 30)), True, False),
            },
            ABSENT,
        ),
        "keyId": own_key("sql", Text("https://kv-keys.vault.azure.net/keys/{r.name}/1"), ABSENT),
    },
)
SQL_DATABASE: Final[Kind] = Kind(
    "Microsoft.Sql/servers/databases",
    "sqldb-{r.place.workload}-{r.number}",
    follows=SQL_SERVER,
    each=3,
    path="{r.leader.id}/databases/{r.name}",
    kind="v12.0,user",
    sku={"name": "GP_S_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 2},
    properties={
        "collation": "SQL_Latin1_General_CP1_CI_AS",
        "status": "Online",
        "creationDate": Since("sqldb.made", 60, 1800),
        "currentServiceObjectiveName": "GP_S_Gen5_2",
        "requestedBackupStorageRedundancy": Pick("sqldb.backup", ("Geo", "Zone", "Local")),
        "zoneRedundant": Switch(Feature("sqldb.zones", (70, 66, 60, 52)), True, False),
        "isLedgerOn": False,
        "isInfraEncryptionEnabled": False,
    },
)
SQL_INSTANCE: Final[Kind] = Kind(
    "Microsoft.Sql/managedInstances",
    "sqlmi-{r.label}-{r.number}",
    least=4,
    share=0.5,
    sorts=("erp", "legacy"),
    tags=classification("sqlmi"),
    identity={"type": "SystemAssigned"},
    sku={"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 8},
    properties={
        "provisioningState": "Succeeded",
        "state": "Ready",
        "fullyQualifiedDomainName": Text("{r.name}.database.windows.net"),
        "administratorLogin": "hmsqladmin",
        "minimalTlsVersion": Switch(Feature("sqlmi.tls", (40, 30, 20, 20)), "1.2", "1.0"),
        "publicDataEndpointEnabled": Switch(Feature("sqlmi.public", (45, 45, 30, 20)), False, True),
        "administrators": {
            "administratorType": "ActiveDirectory",
            "principalType": "Group",
            "login": "sg-sql-administrators",
            "azureADOnlyAuthentication": Switch(Feature("sqlmi.entra-only", (70, 60, 50, 45)), True, False),
        },
        "storageSizeInGB": 512,
        "vCores": 8,
        "zoneRedundant": False,
    },
)

POSTGRES: Final[Kind] = Kind(
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "psql-{r.label}-{r.number}",
    share=7,
    least=8,
    tags=classification("psql"),
    sku={"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
    properties={
        "version": Switch(Feature("psql.version", (36, 30, 22, 15)), "16", "11"),
        "state": "Ready",
        "administratorLogin": "hmpgadmin",
        "fullyQualifiedDomainName": Text("{r.name}.postgres.database.azure.com"),
        "authConfig": {
            "activeDirectoryAuth": Switch(Feature("psql.entra", (52, 42, 30, 22)), "Enabled", "Disabled"),
            "passwordAuth": Switch(Feature("psql.password", (84, 76, 64, 50)), "Disabled", "Enabled"),
        },
        "network": {
            "publicNetworkAccess": Switch(Feature("psql.public", (48, 40, 32, 24)), "Disabled", "Enabled"),
        },
        "dataEncryption": {"type": own_key("psql", "AzureKeyVault", "SystemManaged")},
        "backup": {
            "backupRetentionDays": Switch(Feature("psql.backup", (44, 40, 34, 30)), 30, 7),
            "geoRedundantBackup": Switch(Feature("psql.geo", (70, 66, 60, 55)), "Enabled", "Disabled"),
        },
        "highAvailability": {
            "mode": Switch(Feature("psql.ha", (66, 60, 55, 50)), "ZoneRedundant", "Disabled")
        },
        "storage": {"storageSizeGB": 128, "autoGrow": "Enabled"},
    },
)
MYSQL: Final[Kind] = Kind(
    "Microsoft.DBforMySQL/flexibleServers",
    "mysql-{r.label}-{r.number}",
    share=3,
    least=5,
    sorts=("webshop", "legacy", "nonprod", "forgotten"),
    tags=classification("mysql"),
    sku={"name": "Standard_D2ads_v5", "tier": "GeneralPurpose"},
    properties={
        "version": Switch(Feature("mysql.version", (40, 34, 25, 20)), "8.0.21", "5.7"),
        "state": "Ready",
        "administratorLogin": "hmmyadmin",
        "fullyQualifiedDomainName": Text("{r.name}.mysql.database.azure.com"),
        "network": {
            "publicNetworkAccess": Switch(Feature("mysql.public", (50, 44, 38, 30)), "Disabled", "Enabled"),
        },
        "dataEncryption": own_key("mysql", {"type": "AzureKeyVault"}, ABSENT),
        "backup": {"backupRetentionDays": 14, "geoRedundantBackup": "Disabled"},
        "storage": {"storageSizeGB": 64, "autoGrow": "Enabled"},
    },
)
_ANY_AZURE = "0.0.0.0"  # noqa: S104 - the address by which Cosmos DB means every data centre
COSMOS: Final[Kind] = Kind(
    "Microsoft.DocumentDB/databaseAccounts",
    "cosmos-{r.label}-{r.number}",
    share=6,
    least=10,
    kind=Pick("cosmos.kind", ("GlobalDocumentDB",) * 4 + ("MongoDB",)),
    tags=classification("cosmos"),
    identity=Switch(Feature("cosmos.identity", (60, 52, 45, 38)), {"type": "SystemAssigned"}, ABSENT),
    properties={
        "provisioningState": "Succeeded",
        "documentEndpoint": Text("https://{r.name}.documents.azure.com:443/"),
        "databaseAccountOfferType": "Standard",
        "publicNetworkAccess": Switch(Feature("cosmos.public", (80, 72, 64, 52)), "Disabled", "Enabled"),
        "isVirtualNetworkFilterEnabled": Switch(Feature("cosmos.filter", (70, 62, 52, 40)), True, False),
        "ipRules": Switch(
            Feature("cosmos.any-azure", (50, 45, 40, 34)),
            [{"ipAddressOrRange": "203.0.113.24"}],
            Pick("cosmos.any-how", ([{"ipAddressOrRange": _ANY_AZURE}], [])),
        ),
        "disableLocalAuth": Switch(Feature("cosmos.local", (82, 76, 66, 55)), True, False),
        "disableKeyBasedMetadataWriteAccess": Switch(
            Feature("cosmos.metadata", (80, 74, 66, 58)), True, False
        ),
        "minimalTlsVersion": Switch(Feature("cosmos.tls", (20, 14, 8, 5)), "Tls12", "Tls"),
        "capabilities": Pick("cosmos.kind", ([],) * 4 + ([{"name": "EnableMongo"}],)),
        "keyVaultKeyUri": own_key("cosmos", Text("https://kv-keys.vault.azure.net/keys/{r.name}"), ABSENT),
        "backupPolicy": {
            "type": Switch(Feature("cosmos.backup", (66, 58, 52, 44)), "Continuous", "Periodic")
        },
        "locations": [{"locationName": Text("{r.place.location}"), "failoverPriority": 0}],
    },
)
REDIS: Final[Kind] = Kind(
    "Microsoft.Cache/redis",
    "redis-{r.label}-{r.number}",
    share=5,
    least=8,
    sorts=("webshop", "aks", "telematics", "nonprod", "forgotten"),
    properties={
        "provisioningState": "Succeeded",
        "hostName": Text("{r.name}.redis.cache.windows.net"),
        "sku": {"name": Pick("redis.sku", ("Standard", "Premium", "Basic")), "family": "C", "capacity": 1},
        "minimumTlsVersion": Switch(
            Feature("redis.tls", (30, 20, 12, 6)), "1.2", Pick("redis.old", ("1.0", ABSENT))
        ),
        "enableNonSslPort": Switch(Feature("redis.plain", (24, 18, 12, 8)), False, True),
        "publicNetworkAccess": Switch(Feature("redis.public", (66, 58, 48, 40)), "Disabled", "Enabled"),
        "disableAccessKeyAuthentication": Switch(Feature("redis.keys", (88, 82, 72, 60)), True, False),
        "redisConfiguration": {
            "aad-enabled": Switch(Feature("redis.entra", (76, 66, 54, 42)), "true", "false")
        },
        "redisVersion": "6.0",
    },
)

CLOSED_STORES: Final = (
    (STORAGE, _STORAGE_CLOSED, "blob"),
    (VAULT, _VAULT_CLOSED, "vault"),
    (SQL_SERVER, _SQL_PUBLIC, "sqlServer"),
)
"""Stores with a private endpoint where a feature is right, and what the endpoint leads to."""

KINDS: Final = (STORAGE, VAULT, SQL_SERVER, SQL_DATABASE, SQL_INSTANCE, POSTGRES, MYSQL, COSMOS, REDIS)
