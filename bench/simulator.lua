-- For bench/simulator: what wrk sends (in LuaJIT), and (as a program) a state with so many clusters.
local ROOT = "/subscriptions/5117ab1e-0000-4000-8000-000000000001/resourceGroups/"
local CLUSTERS = "/providers/Microsoft.ContainerService/managedClusters/"

local CLUSTER = '{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"bench",'
  .. '"agentPoolProfiles":[{"name":"one","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}'

-- So many clusters, a hundred in a group.
local function fill(count)
  local parts = {}
  for index = 1, count do
    local group = ("%sg%d"):format(ROOT, math.floor((index - 1) / 100))
    if index % 100 == 1 then
      parts[#parts + 1] = ('"%s":{"location":"westus2","properties":{}}'):format(group)
    end
    parts[#parts + 1] = ('"%s%sc%d":%s'):format(group, CLUSTERS, index, CLUSTER)
  end
  print("{" .. table.concat(parts, ",") .. "}")
end

-- luacheck: globals wrk request
if not wrk then
  fill(tonumber(arg[2]))
  return
end

local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local what, number = os.getenv("WHAT"), 0

local requests = {
  read = function()
    return wrk.format("GET", ROOT .. "g0" .. CLUSTERS .. "c1?api-version=2025-05-01", headers)
  end,
  create_group = function()
    return wrk.format("PUT", ("%snew%d?api-version=2024-11-01"):format(ROOT, number), headers, '{"location":"westus2"}')
  end,
  create_cluster = function()
    return wrk.format("PUT", ("%sg0%snew%d?api-version=2025-05-01"):format(ROOT, CLUSTERS, number), headers, CLUSTER)
  end,
}

function request()
  number = number + 1
  return requests[what]()
end
