#!/usr/bin/env bash
#
# Reads what a zero trust assessment needs to know of an Azure tenant into one zip file. Written by ztkit @VERSION@.
#
# It only reads. All that it asks for goes through the one `az rest` in `ask` below: queries to Azure Resource Graph (a
# POST, as the query is its body; that address takes nothing but queries)@GETS@.
# It changes nothing in the tenant, sends nothing to anyone else, and neither sees nor keeps a token, a key or a secret.
#
# Roles   Reader and Security Reader on the management groups or subscriptions that are to be read.
#@graph
#         Global Reader for Microsoft Graph, which refuses much here with 403 whatever the role, as the Azure CLI's own
#         sign-in has few of the permissions. The result says what was refused; the script goes on.
#@end
# Run     bash ztkit-collect.sh                                  all that you may read
#         bash ztkit-collect.sh --management-groups NAME...      only what is below these
#         bash ztkit-collect.sh --subscriptions ID...            only what is in these
#         in Azure Cloud Shell (Bash), or wherever az and python3 are, after `az login`. It takes some minutes.
# Result  ztkit-<time in UTC>.zip in this folder and nothing else: the answers as they came, in JSON. They describe how the
#         tenant is protected. Look through them, then send the zip file back in the way agreed on for confidential
#         files. Interrupted, the script leaves no zip file; run it again.
#
# shellcheck disable=SC2016  # what begins with $ in single quotes is Azure's, and not to be expanded
set -euo pipefail
umask 077

scope='' partial=true asked='' refused=0
if (($#)); then
  case $1 in --management-groups) kind=managementGroups ;; --subscriptions) kind=subscriptions partial=false ;; *) kind='' ;; esac
  if [[ -z $kind || ! ${*:2} =~ ^[A-Za-z0-9_().\ -]+$ ]]; then
    echo "Usage: bash $0 [--management-groups NAME... | --subscriptions ID...]" >&2
    exit 2
  fi
  printf -v names ',"%s"' "${@:2}"
  scope="\"$kind\":[${names:1}]"
fi

tenant=$(az account show --query tenantId --output tsv) # ends here where nobody is signed in
arm=$(az cloud show --query endpoints.resourceManager --output tsv)
#@graph
graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
#@end
taken=$(date -u +%Y-%m-%dT%H:%M:%SZ)
result=ztkit-${taken//:/}
work=$(mktemp -d "$PWD/$result.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM # once the request on its way has ended: it must not write while its folder goes
mkdir "$work/$result"

# ask OPTIONS: one answer into $work/answer, and what leads to the next page into $next; or the reason why not into $why.
ask() {
  local wait
  for wait in 0 5 20 60; do
    sleep "$wait"
    if why=$(az rest --only-show-errors --output-file "$work/answer" "$@" 2>&1); then
      next=$(python3 -c 'import json, sys; answer = json.load(open(sys.argv[1], encoding="utf-8"))
print(answer.get("$skipToken") or answer.get("@odata.nextLink") or "")' "$work/answer" 2>/dev/null) && return 0
      why='The answer was cut off.'
    fi
    case $why in *'Bad Request('* | *'Unauthorized('* | *'Forbidden('* | *'Not Found('*) break ;; esac # and again would be
  done
  return 1
}

# keep TABLE PAGE: the answer, as it came, into a file that says what it is.
keep() {
  { printf '{"table":"%s","page":%d,"answer":' "$1" "$2"; cat "$work/answer"; echo '}'; } >"$work/$result/$1-$2.json"
  echo "$1: page $2"
}

# refuse TABLE: into a file why it could not be read, or not to its end.
refuse() {
  python3 -c 'import json, sys; print(json.dumps({"table": sys.argv[1], "unreadable": sys.argv[2][:600]}))' "$1" "$why" \
    >"$work/$result/$1-unreadable.json"
  echo "$1: could not be read: ${why:0:200}" >&2
  refused=$((refused + 1))
}

# table NAME TYPES: a table of Azure Resource Graph, these types of it or all, with what is assigned above the scope.
table() {
  local body page=0 query=$1 types
  if (($# > 1)); then
    printf -v types ", '%s'" "${@:2}"
    query+=" | where type in~ (${types:2})"
  fi
  asked+="${asked:+,}\"$1\"" next=''
  while
    printf -v body '{%s"query":"%s | order by id asc","options":{"resultFormat":"objectArray","$top":1000,%s}}' \
      "${scope:+$scope,}" "$query" \
      "\"authorizationScopeFilter\":\"AtScopeAboveAndBelow\",\"allowPartialScopes\":$partial${next:+,\"\$skipToken\":\"$next\"}"
    ask --method post --url "${arm%/}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01" --body "$body"
  do
    keep "$1" $((++page))
    [[ $next ]] || return 0
  done
  refuse "$1"
}

#@graph
# entity NAME PATH: what Microsoft Graph lists at a path.
entity() {
  local page=0
  asked+="${asked:+,}\"$1\"" next=${graph%/}/v1.0$2
  while ask --method get --url "$next" --headers Prefer=include-unknown-enum-members; do
    keep "$1" $((++page))
    [[ $next == "${graph%/}"/* ]] || return 0
  done
  refuse "$1"
}

#@end
# What is read of Azure Resource Graph: tables, and the resource types in them.
@TABLES@

#@graph
# What is read of Microsoft Graph.
@ENTITIES@

#@end
printf '{"collection":{"by":"ztkit %s","taken":"%s","tenant":"%s","scope":{%s},"tables":[%s]}}\n' \
  '@VERSION@' "$taken" "$tenant" "$scope" "$asked" >"$work/$result/collection.json"
(cd "$work" && python3 -m zipfile -c "$result.zip" "$result")
mv "$work/$result.zip" .
echo "Send back $PWD/$result.zip; tables that could not be read, with the reason in it: $refused"
