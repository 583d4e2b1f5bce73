-- Microsoft.Compute, as far as a cluster's nodes count there: how many cores are in use, and how many there may be.
local document = require "aks.sim.clusters.document"
local http = require "aks.sim.http"

-- Cores of a subscription and region when the option `cores` says nothing else: what new subscriptions often have.
local LIMIT = 350

local compute = {}

--- The cores of a size such as "Standard_D4s_v3", and its family.
function compute.size(name)
  local letters, cores, features, version = tostring(name):match("^%a+_(%u+)(%d+)(%l*)_?(v?%d*)")
  if not letters then
    return 2, "standardDSv2Family"
  elseif letters == "DS" and version == "v2" then -- DS1 to DS5 double from one core
    return 2 ^ (tonumber(cores) - 1) // 1 | 0, "standardDSv2Family"
  end
  return tonumber(cores), ("standard%s%s%sFamily"):format(letters, features:upper(), version)
end

--- The cores that pools ask for, and by family.
function compute.cores(pools)
  local total, families = 0, {}
  for _, pool in ipairs(pools) do
    local each, family = compute.size(pool.vmSize)
    total = total + each * (pool.count or 0)
    families[family] = (families[family] or 0) + each * (pool.count or 0)
  end
  return total, families
end

--- The pools of all clusters of a location that run, without those of one cluster.
function compute.pools(simulator, location, except)
  local pools = {}
  for _, record in ipairs(simulator.store:of_type("", document.TYPE)) do
    local cluster = record.document
    if record ~= except and cluster.location == location and cluster.properties.powerState.code ~= "Stopped" then
      table.move(cluster.properties.agentPoolProfiles, 1, #cluster.properties.agentPoolProfiles, #pools + 1, pools)
    end
  end
  return pools
end

--- How many cores a region may use; nil: as many as are asked for.
function compute.limit(simulator)
  return simulator.options.cores
end

local function usage(name, shown, current, limit)
  return { unit = "Count", currentValue = current, limit = limit, name = { value = name, localizedValue = shown } }
end

local function usages(context)
  local location = context.parameters.location:lower()
  local total, families = compute.cores(compute.pools(context.sim, location))
  local limit, value = compute.limit(context.sim) or LIMIT, http.array()
  value[1] = usage("cores", "Total Regional vCPUs", total, limit)
  local names, limits = {}, context.sim.options.family_cores or {}
  for name in pairs(limits) do
    families[name] = families[name] or 0
  end
  for name in pairs(families) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local shown = name:gsub("^standard(.*)Family$", "Standard %1 Family vCPUs")
    value[#value + 1] = usage(name, shown, families[name], limits[name] or limit)
  end
  return 200, { value = value }
end

compute.routes = {
  { method = "GET", path = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages",
    handler = usages },
}

return compute
