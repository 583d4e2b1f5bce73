-- What `runCommand` gives: of kubectl, as much as can be told from a cluster's document, since nothing runs behind it.
local command = {}

local function node_names(record)
  local names = {}
  for _, pool in ipairs(record.document.properties.agentPoolProfiles) do
    for index = 0, (pool.count or 0) - 1 do
      names[#names + 1] = { ("aks-%s-vmss%06d"):format(pool.name, index), pool.currentOrchestratorVersion }
    end
  end
  return names
end

local function get_nodes(record)
  local lines = { ("%-34s %-8s %-8s %-6s %s"):format("NAME", "STATUS", "ROLES", "AGE", "VERSION") }
  for _, node in ipairs(node_names(record)) do
    lines[#lines + 1] = ("%-34s %-8s %-8s %-6s v%s"):format(node[1], "Ready", "<none>", "1d", node[2])
  end
  return table.concat(lines, "\n") .. "\n"
end

local function get_version(record)
  return ("Server Version: v%s\n"):format(record.document.properties.currentKubernetesVersion)
end

local known = { ["kubectl get nodes"] = get_nodes, ["kubectl get node"] = get_nodes, ["kubectl version"] = get_version }

--- The exit code and the output of a command in a cluster.
function command.run(record, text)
  local act = known[(text:gsub("^%s+", ""):gsub("%s+$", ""):gsub("%s+", " "))]
  if act then
    return 0, act(record)
  end
  return 127, ("There is no Kubernetes in a simulated cluster; of what could be run in one, only 'kubectl get nodes' "
    .. "and 'kubectl version' are known, not: %s\n"):format(text)
end

return command
