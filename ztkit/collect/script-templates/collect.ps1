#Requires -Version 5.1
<#
Reads what a zero trust assessment needs to know of an Azure tenant into one zip file. Written by ztkit @VERSION@.

It only reads. All that it asks for goes through Read-Answer below: queries to Azure Resource Graph (a POST, as the query
is its body; that address takes nothing but queries)@GETS@.
It changes nothing in the tenant, sends nothing to anyone else, and neither sees nor keeps a token, a key or a secret.

Roles   Reader and Security Reader on the management groups or subscriptions that are to be read.
#@graph
        Global Reader for Microsoft Graph, which refuses much here with 403 whatever the role, as the sign-in of Azure
        PowerShell has few of the permissions. The result says what was refused; the script goes on. To have more of it
        read, and where the module Microsoft.Graph.Authentication is there, sign in beforehand with the command that
        stands at the end of this script; it asks for consent to permissions that only read.
#@end
Run     ./ztkit-collect.ps1                                  all that you may read
        ./ztkit-collect.ps1 -ManagementGroup NAME, NAME      only what is below these
        ./ztkit-collect.ps1 -Subscription ID, ID             only what is in these
        in Azure Cloud Shell (PowerShell), or in PowerShell 5.1 or 7 with Az.Accounts, after Connect-AzAccount. It takes
        some minutes.
Result  ztkit-<time in UTC>.zip in this folder and nothing else: the answers as they came, in JSON. They describe how the
        tenant is protected. Look through them, then send the zip file back in the way agreed on for confidential files.
        Interrupted, the script leaves no zip file; run it again.
#>
[CmdletBinding(DefaultParameterSetName = 'All')]
param(
    [Parameter(Mandatory, ParameterSetName = 'ManagementGroup')] [string[]] $ManagementGroup,
    [Parameter(Mandatory, ParameterSetName = 'Subscription')] [string[]] $Subscription
)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if ($PSVersionTable.PSVersion.Major -lt 6) { Add-Type -AssemblyName System.Runtime.Serialization }

$scope = @{}
if ($ManagementGroup) { $scope['managementGroups'] = $ManagementGroup }
if ($Subscription) { $scope['subscriptions'] = $Subscription }
$context = Get-AzContext
if (-not $context.Tenant.Id) { throw 'Nobody is signed in: Connect-AzAccount.' }
$arm = "$($context.Environment.ResourceManagerUrl)".TrimEnd('/')
#@graph
$graph = "$($context.Environment.ExtendedProperties.MicrosoftGraphUrl)".TrimEnd('/')
if (-not $graph) { $graph = 'https://graph.microsoft.com' }
$mg = Get-Command -Name Get-MgContext -ErrorAction SilentlyContinue
if ($mg) { $mg = (Get-MgContext).TenantId -eq $context.Tenant.Id } # signed in to the same tenant
#@end
$taken = [DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [Globalization.CultureInfo]::InvariantCulture)
$result = 'ztkit-' + $taken.Replace(':', '')
$here = (Get-Location -PSProvider FileSystem).ProviderPath
$work = Join-Path $here "$result.partial"
$asked = @()
$refused = 0

# What leads to the next page, read at the outermost level of an answer alone; an error where the answer was cut off.
function Get-NextPage([string] $Json) {
    if (-not $Json.TrimEnd().EndsWith('}')) { throw 'The answer was cut off.' }
    $bytes = [Text.Encoding]::UTF8.GetBytes($Json)
    $quotas = [Xml.XmlDictionaryReaderQuotas]::Max
    $reader = [Runtime.Serialization.Json.JsonReaderWriterFactory]::CreateJsonReader($bytes, $quotas)
    $found = ''
    $reader.ReadStartElement()
    while ($reader.NodeType -eq [Xml.XmlNodeType]::Element) {
        if ($reader.GetAttribute('item') -in '$skipToken', '@odata.nextLink') { $found = $reader.ReadElementContentAsString() }
        else { $reader.Skip() }
    }
    $reader.ReadEndElement()
    return $found
}

# One answer into $script:answer, and what leads to the next page into $script:next; or the reason why not into $script:why.
function Read-Answer([string] $Uri, [string] $Query) {
    foreach ($wait in 0, 5, 20, 60) {
        Start-Sleep -Seconds $wait
        try {
            if ($Query) { $reply = Invoke-AzRestMethod -Method POST -Uri $Uri -Payload $Query }
#@graph
            elseif ($mg) {
                $all = @{ Headers = @{ Prefer = 'include-unknown-enum-members' }; OutputType = 'Json' } # or newer ones stay unnamed
                $text = Invoke-MgGraphRequest -Method GET -Uri $Uri @all -SkipHttpErrorCheck -StatusCodeVariable status
                $reply = @{ StatusCode = [int] $status; Content = $text }
            }
            else { $reply = Invoke-AzRestMethod -Method GET -Uri $Uri }
#@end
            $script:answer = $reply.Content
            if ($reply.StatusCode -eq 200) { $script:next = Get-NextPage $reply.Content; return $true }
            $script:why = "HTTP $($reply.StatusCode) $($reply.Content)"
            if ($reply.StatusCode -in 400, 401, 403, 404) { return $false } # and again would be
        }
        catch { $script:why = "$_" }
    }
    return $false
}

function Save-Text([string] $Name, [string] $Text) { [IO.File]::WriteAllText((Join-Path $work "$Name.json"), $Text) }

# The answer, as it came, into a file that says what it is.
function Save-Answer([string] $Table, [int] $Page) {
    Save-Text "$Table-$Page" ('{"table":"' + $Table + '","page":' + $Page + ',"answer":' + $script:answer + '}')
    Write-Host "${Table}: page $Page"
}

# Into a file why a table could not be read, or not to its end.
function Save-Refusal([string] $Table) {
    $reason = $script:why.Substring(0, [Math]::Min(600, $script:why.Length))
    Save-Text "$Table-unreadable" (ConvertTo-Json -Compress -InputObject @{ table = $Table; unreadable = $reason })
    Write-Host "${Table}: could not be read: $reason"
    $script:refused++
}

# A table of Azure Resource Graph, these types of it or all, with what is assigned above the scope.
function Read-Table([string] $Table, [string[]] $Type) {
    $kql = $Table
    if ($Type) { $kql += " | where type in~ ('" + ($Type -join "', '") + "')" }
    $options = @{ resultFormat = 'objectArray'; '$top' = 1000; authorizationScopeFilter = 'AtScopeAboveAndBelow' }
    $options['allowPartialScopes'] = -not $Subscription
    $body = $scope + @{ query = "$kql | order by id asc"; options = $options }
    $uri = "$arm/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
    $script:asked += $Table
    $page = 0
    while (Read-Answer $uri (ConvertTo-Json -Compress -Depth 5 -InputObject $body)) {
        $page++
        Save-Answer $Table $page
        if (-not $script:next) { return }
        $options['$skipToken'] = $script:next
    }
    Save-Refusal $Table
}

#@graph
# What Microsoft Graph lists at a path.
function Read-Entity([string] $Entity, [string] $Path) {
    $script:asked += $Entity
    $script:next = "$graph/v1.0$Path"
    $page = 0
    while (Read-Answer $script:next '') {
        $page++
        Save-Answer $Entity $page
        if (-not "$script:next".StartsWith("$graph/")) { return }
    }
    Save-Refusal $Entity
}

#@end
try {
    [void] (New-Item -ItemType Directory -Path $work)
    if ($PSVersionTable['Platform'] -eq 'Unix') { chmod 700 $work }

    # What is read of Azure Resource Graph: tables, and the resource types in them.
@TABLES@

#@graph
    # What is read of Microsoft Graph.
@ENTITIES@

#@end
    $about = @{ by = 'ztkit @VERSION@'; taken = $taken; tenant = "$($context.Tenant.Id)"; scope = $scope; tables = $asked }
    Save-Text 'collection' (ConvertTo-Json -Compress -Depth 5 -InputObject @{ collection = $about })
    $zip = Join-Path $work "$result.zip"
    Get-ChildItem -LiteralPath $work -Filter '*.json' | Compress-Archive -DestinationPath $zip
    if ($PSVersionTable['Platform'] -eq 'Unix') { chmod 600 $zip }
    Move-Item -LiteralPath $zip -Destination (Join-Path $here "$result.zip")
    Write-Host "Send back $(Join-Path $here "$result.zip"); tables that could not be read, with the reason in it: $refused"
}
finally {
    if (Test-Path -LiteralPath $work) { Remove-Item -LiteralPath $work -Recurse -Force }
}
#@graph

# To have more of Microsoft Graph read, before running this script:
# Connect-MgGraph -NoWelcome -Scopes @SCOPES@
#@end
