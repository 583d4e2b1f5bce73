-- Tells how other programs sign in to a simulator: variables of the Azure SDKs, and commands of the Azure CLI.
local json = require "dkjson"

local guide = {}

-- A word of a shell command.
local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- What `az cloud register --cloud-config` takes. The authority ends in /adfs: the one form that the Azure CLI uses
--- without asking the public cloud about it first.
---@param facts table endpoint
function guide.cloud(facts)
  local base = facts.endpoint
  return json.encode({ endpoints = {
    resourceManager = base, management = base, activeDirectory = base .. "/adfs",
    activeDirectoryResourceId = base, activeDirectoryGraphResourceId = base, microsoftGraphResourceId = base,
  } }, { keyorder = { "resourceManager", "management", "activeDirectory", "activeDirectoryResourceId",
    "activeDirectoryGraphResourceId", "microsoftGraphResourceId" } })
end

-- Which variable makes which programs trust the authority.
local trusting = { "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE" }

--- Lines for a shell that sign in: the environment, and with TLS the Azure CLI.
---@param facts table endpoint, ca_file, subscription, tenant, client_id, client_secret
function guide.lines(facts)
  local lines = {
    ("export AZURE_SUBSCRIPTION_ID=%s AZURE_TENANT_ID=%s"):format(facts.subscription, facts.tenant),
    ("export AZURE_CLIENT_ID=%s AZURE_CLIENT_SECRET=%s"):format(facts.client_id, facts.client_secret),
    ("export AKS_ENDPOINT=%s AZURE_AUTHORITY_HOST=%s"):format(facts.endpoint, facts.endpoint),
  }
  if facts.ca_file then
    for _, name in ipairs(trusting) do
      lines[#lines + 1] = "export " .. name .. "=" .. quote(facts.ca_file)
    end
    lines[#lines + 1] = "az cloud register --name simulator --cloud-config " .. quote(guide.cloud(facts))
    lines[#lines + 1] = "az cloud set --name simulator"
    lines[#lines + 1] = ("az login --service-principal --tenant %s --username %s --password %s"):format(facts.tenant,
      facts.client_id, facts.client_secret)
  end
  return lines
end

return guide
