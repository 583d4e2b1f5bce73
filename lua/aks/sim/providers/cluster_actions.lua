-- Microsoft.ContainerService: what is asked of a cluster beside its own document: credentials, commands, versions.
local command = require "aks.sim.clusters.command"
local containerservice = require "aks.sim.providers.containerservice"
local document = require "aks.sim.clusters.document"
local http = require "aks.sim.http"
local kubeconfig = require "aks.sim.clusters.kubeconfig"
local operation = require "aks.sim.operation"

-- Simulated seconds that a command takes: a pod is started for it.
local COMMAND_SECONDS = 20

local function server_of(record, wants_public)
  local properties = record.document.properties
  if properties.privateFQDN and not wants_public then
    return properties.privateFQDN
  end
  return properties.fqdn or http.raise_bare(400, "BadRequest", "The cluster has no public FQDN.",
    { subcode = "SimulatorPlaceholder" })
end

local function credential(account)
  return function(context)
    local record = containerservice.find(context)
    local properties = record.document.properties
    local entra = account == "clusterUser" and (properties.aadProfile ~= nil or context.query.format == "exec")
    if properties.disableLocalAccounts and not entra then
      http.raise_bare(400, "BadRequest",
        "Getting static credential is not allowed because this cluster is set to disable local accounts.")
    end
    return 200, kubeconfig.answer(account, kubeconfig.text(context.sim, {
      cluster = record.document.name, group = context.group.document.name, account = account, entra = entra,
      authority = record.authority, server = server_of(record, context.query["server-fqdn"] == "public"),
    }))
  end
end

local function latest_operation(context)
  local record = containerservice.find(context)
  local op = record.latest_operation
  if not op then
    http.raise_bare(404, "NotFound", "The cluster has no operation.")
  end
  return 200, operation.show(context.sim, op, record.document.id .. "/operations/" .. op.id)
end

local function list_versions()
  local values = http.array()
  for _, version in ipairs(document.VERSIONS) do
    values[#values + 1] = {
      version = version, isDefault = version == document.DEFAULT_VERSION or nil, isPreview = http.null,
      capabilities = { supportPlan = http.array { "KubernetesOfficial" } },
      patchVersions = { [document.patch_version(version)] = { upgrades = http.array() } },
    }
  end
  return 200, { values = values }
end

-- The older list of the same, which the Azure CLI reads.
local function list_orchestrators(context)
  local orchestrators = http.array()
  for index, version in ipairs(document.VERSIONS) do
    local upgrades, next_version = http.array(), document.VERSIONS[index + 1]
    if next_version then
      upgrades[1] = { orchestratorType = "Kubernetes", orchestratorVersion = document.patch_version(next_version) }
    end
    orchestrators[index] = { orchestratorType = "Kubernetes", orchestratorVersion = document.patch_version(version),
      default = version == document.DEFAULT_VERSION or nil, upgrades = upgrades }
  end
  local id = ("/subscriptions/%s/providers/Microsoft.ContainerService/locations/%s/orchestrators"):format(
    context.sim.options.subscription, context.parameters.location)
  return 200, { id = id, name = "default", type = "Microsoft.ContainerService/locations/orchestrators",
    properties = { orchestrators = orchestrators } }
end

local function upgrades_of(version)
  local list, current = http.array(), version:match("^%d+%.(%d+)")
  for _, other in ipairs(document.VERSIONS) do
    if tonumber(other:match("%.(%d+)$")) == tonumber(current) + 1 then -- minor versions are not skipped
      list[1] = { kubernetesVersion = document.patch_version(other) }
    end
  end
  return list
end

local function upgrade_profile(context)
  local record = containerservice.find(context)
  local properties, pools = record.document.properties, http.array()
  for _, pool in ipairs(properties.agentPoolProfiles) do
    pools[#pools + 1] = { name = pool.name, osType = pool.osType, kubernetesVersion = pool.currentOrchestratorVersion,
      upgrades = upgrades_of(pool.currentOrchestratorVersion) }
  end
  return 200, { id = record.document.id .. "/upgradeprofiles/default", name = "default",
    type = "Microsoft.ContainerService/managedClusters/upgradeprofiles", properties = {
      controlPlaneProfile = { name = record.document.name, osType = "Linux",
        kubernetesVersion = properties.currentKubernetesVersion,
        upgrades = upgrades_of(properties.currentKubernetesVersion) }, agentPoolProfiles = pools } }
end

local function check_command(context, record)
  local properties = record.document.properties
  local access = properties.apiServerAccessProfile or {}
  if type((context.body or {}).command) ~= "string" or context.body.command == "" then
    http.raise_bare(400, "InvalidParameter", "The command must not be empty.", { target = "command" })
  elseif access.disableRunCommand then
    http.raise_bare(400, "BadRequest", "Run command is disabled for this cluster.",
      { subcode = "SimulatorPlaceholder", target = "apiServerAccessProfile.disableRunCommand" })
  elseif properties.powerState.code == "Stopped" then
    http.raise_bare(400, "OperationNotAllowed", "managed cluster is in stopped state, no operations except for start "
      .. "and delete are allowed", { subcode = "SimulatorPlaceholder" })
  end
end

local function result_headers(context, record, run)
  local headers = operation.pace(context.sim, run.operation, {})
  headers.Location = ("%s%s/commandResults/%s?api-version=%s"):format(context.sim.endpoint, record.document.id, run.id,
    context.api_version)
  return headers
end

-- Answered by a Location alone; the result is there as long as the cluster is.
local function run_command(context)
  local simulator, record = context.sim, containerservice.find(context)
  check_command(context, record)
  local run = { id = simulator.random(32), text = context.body.command, started = simulator.clock:now() }
  run.operation = operation.start(context, { provider = "Microsoft.ContainerService", seconds = COMMAND_SECONDS,
    location = record.document.location,
    done = function()
      run.exit_code, run.logs = command.run(record, run.text)
      run.finished = simulator.clock:now()
    end,
    failed = function(_, _, problem)
      run.reason, run.finished = problem and problem.message or "failed", simulator.clock:now()
    end })
  record.commands = record.commands or {}
  record.commands[run.id] = run
  return 202, nil, result_headers(context, record, run)
end

local function command_result(context)
  local record, simulator = containerservice.find(context), context.sim
  local run = (record.commands or {})[context.parameters.command:lower()]
  if not run then
    http.raise_bare(404, "NotFound", ("The command '%s' was not found."):format(context.parameters.command))
  elseif run.operation.status == "InProgress" then
    operation.look { operation = run.operation }
    return 202, nil, result_headers(context, record, run)
  end
  return 200, { id = run.id, properties = {
    provisioningState = run.reason and "Failed" or "Succeeded", exitCode = run.exit_code, logs = run.logs,
    reason = run.reason, startedAt = simulator.clock:date(run.started), finishedAt = simulator.clock:date(run.finished),
  } }
end

local one = "/subscriptions/{subscription}/resourceGroups/{group}/providers/" .. document.TYPE .. "/{cluster}"
local place = "/subscriptions/{subscription}/providers/Microsoft.ContainerService/locations/{location}"

return {
  { method = "POST", path = one .. "/listClusterUserCredential", handler = credential("clusterUser") },
  { method = "POST", path = one .. "/listClusterAdminCredential", handler = credential("clusterAdmin") },
  { method = "POST", path = one .. "/listClusterMonitoringUserCredential",
    handler = credential("clusterMonitoringUser") },
  { method = "POST", path = one .. "/runCommand", handler = run_command },
  { method = "GET", path = one .. "/commandResults/{command}", handler = command_result },
  { method = "GET", path = one .. "/operations/latest", handler = latest_operation },
  { method = "GET", path = one .. "/upgradeProfiles/default", handler = upgrade_profile },
  { method = "GET", path = place .. "/kubernetesVersions", handler = list_versions },
  { method = "GET", path = place .. "/orchestrators", handler = list_orchestrators },
}
