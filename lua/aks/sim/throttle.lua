-- Azure's limits on requests as token buckets, which fill up in simulated time; only with the option `throttle`.
local http = require "aks.sim.http"

local throttle = {}

local CLUSTERS = "/providers/microsoft%.containerservice/managedclusters"

-- Each row: method (nil: any), pattern of the lower-case path whose capture names what shares a bucket, how much that
-- holds, how much it gains in a second. The first that fits counts.
-- https://learn.microsoft.com/azure/aks/quotas-skus-regions#throttling-limits-on-aks-resource-provider-apis
local provider_limits = {
  { "PUT", "^(.*" .. CLUSTERS .. "/[^/]+/agentpools/[^/]+)$", 20, 1 / 60, name = "PutAgentPoolHandler.PUT" },
  { "PUT", "^(.*" .. CLUSTERS .. "/[^/]+)$", 20, 1 / 60, name = "PutManagedClusterHandler.PUT" },
  { "GET", "^(.*" .. CLUSTERS .. "/[^/]+)$", 60, 1, name = "GetManagedClusterHandler.GET" },
  { "GET", "^(.*/resourcegroups/[^/]+" .. CLUSTERS .. ")$", 60, 1, name = "ListManagedClustersHandler.GET" },
  { "GET", "^(.*" .. CLUSTERS .. ")$", 500, 1, name = "ListManagedClustersHandler.GET" },
  { "GET", "^(.*/providers/microsoft%.containerservice/locations/)[^/]+/operation", 200, 2,
    name = "GetOperationStatusHandler.GET" },
  { nil, "^(/subscriptions/[^/]+/).*/providers/microsoft%.containerservice/", 60, 1, name = "ManagedClusters" },
}

-- https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
local gateway_limits = {
  { "GET", "^(/subscriptions/[^/]+)", 250, 25, name = "reads" },
  { "HEAD", "^(/subscriptions/[^/]+)", 250, 25, name = "reads" },
  { "DELETE", "^(/subscriptions/[^/]+)", 200, 10, name = "deletes" },
  { nil, "^(/subscriptions/[^/]+)", 200, 10, name = "writes" },
}

-- Takes one from the bucket of a request; returns nothing, or the row and the simulated seconds until there is one.
local function take(simulator, rows, method, path)
  for _, row in ipairs(rows) do
    local shared = (row[1] == nil or row[1] == method) and path:match(row[2])
    if shared then
      local key, now = row.name .. " " .. shared, simulator.clock:now()
      local bucket = simulator.buckets[key] or { level = row[3], at = now }
      simulator.buckets[key] = bucket
      bucket.level, bucket.at = math.min(row[3], bucket.level + (now - bucket.at) * row[4]), now
      if bucket.level < 1 then
        return row, (1 - bucket.level) / row[4]
      end
      bucket.level = bucket.level - 1
      return nil
    end
  end
end

local function headers(simulator, seconds)
  local speed = simulator.clock.speed
  local real = speed > 0 and seconds / speed or seconds -- a clock that stands is moved by hand
  return { ["Retry-After"] = tostring(math.max(1, math.ceil(real))),
    ["x-ms-retry-after-ms"] = tostring(math.max(1, math.ceil(real * 1000))) }
end

--- Answers 429 when a limit is reached.
function throttle.check(context)
  local simulator, path = context.sim, context.path:lower()
  if not simulator.options.throttle then
    return
  end
  local row, seconds = take(simulator, gateway_limits, context.method, path)
  if row then
    http.answer(429, { error = { code = "SubscriptionRequestsThrottled",
      message = ("Number of '%s' for subscription exceeded the limit. Please try again after '%d' seconds."):format(
        row.name, math.ceil(seconds)) } }, headers(simulator, seconds))
  end
  row, seconds = take(simulator, provider_limits, context.method, path)
  if row then
    local message = ("The %s request limit has been exceeded for this resource, please retry again in %d seconds.")
      :format(row.name, math.ceil(seconds))
    http.answer(429, { code = "Throttled", details = http.null, subcode = "", message = message },
      headers(simulator, seconds))
  end
end

return throttle
