# Stands in for the cmdlets of Az.Accounts that the collection script calls, and asks the emulator. Like these it gives an
# answer with a status other than 200 as one, and does not throw. $env:STANDIN_AZURE is as in az.py.
$script:azure = $env:STANDIN_AZURE | ConvertFrom-Json

function Get-AzContext {
    [pscustomobject]@{
        Tenant = [pscustomobject]@{ Id = $script:azure.tenant }
        Environment = [pscustomobject]@{
            ResourceManagerUrl = $script:azure.url + '/'
            ExtendedProperties = [pscustomobject]@{ MicrosoftGraphUrl = $script:azure.url }
        }
    }
}

function Invoke-AzRestMethod([string] $Method = 'GET', [Parameter(Mandatory)] [Uri] $Uri, [string] $Payload) {
    $token = if ($Uri.AbsolutePath.StartsWith('/v1.0/')) { $script:azure.graph } else { $script:azure.management }
    $more = if ($Payload) { @{ Body = $Payload; ContentType = 'application/json' } } else { @{} }
    $answer = Invoke-WebRequest -Method $Method -Uri $Uri -Headers @{ Authorization = "Bearer $token" } @more `
        -SkipCertificateCheck -SkipHttpErrorCheck -UseBasicParsing
    [pscustomobject]@{ StatusCode = [int] $answer.StatusCode; Content = [Text.Encoding]::UTF8.GetString($answer.RawContentStream.ToArray()) }
}

function Start-Sleep([int] $Seconds) { Add-Content -LiteralPath $script:azure.sleeps -Value $Seconds }

Export-ModuleMember -Function Get-AzContext, Invoke-AzRestMethod, Start-Sleep
