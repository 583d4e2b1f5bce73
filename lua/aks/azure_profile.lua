-- What the Azure CLI has been told by its user: the active cloud, and the subscription and its tenant. Reads its files,
-- never its tokens; none of them is needed.
local core = require "aks.core"

local profile = {}

-- The CLI's names of the clouds that are known by name here.
local names = { azurecloud = "public", azurechinacloud = "china", azureusgovernment = "usgov" }

local DEFAULT_CLOUD = "AzureCloud"

local function directory()
  local chosen, home = os.getenv("AZURE_CONFIG_DIR"), os.getenv("HOME")
  if chosen and chosen ~= "" then
    return chosen
  end
  return home and home ~= "" and home .. "/.azure" or nil
end

-- The text of one of the CLI's files, nil when there is none.
local function read(name)
  local place = directory()
  local file = place and io.open(place .. "/" .. name, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

-- "[section]" and "name = value" lines, as Python's configparser takes them: section -> name -> value.
local function parse_settings(text)
  local sections, title = {}, ""
  for line in (text or ""):gmatch("[^\r\n]+") do
    local name, value = line:match("^%s*([%w_%.%-]+)%s*[=:]%s*(.-)%s*$")
    title = line:match("^%s*%[(.-)%]") or title
    sections[title] = sections[title] or {}
    if name then
      sections[title][name:lower()] = value
    end
  end
  return sections
end

-- A cloud that was made known by `az cloud register`; nil when it is not described whole.
local function registered(description)
  local manager = description.endpoint_resource_manager
  return manager and {
    resource_manager = manager,
    authority = description.endpoint_active_directory,
    audience = description.endpoint_active_directory_resource_id,
  } or nil
end

---The active cloud: its name as the CLI has it, and what aks.connect takes as `cloud` (nil when it is not known).
---@return string, string|aks.cloud|nil
function profile.cloud()
  local named = os.getenv("AZURE_CLOUD_NAME")
  local settings = parse_settings(read("config")).cloud or {}
  local name = named and named ~= "" and named or settings.name or DEFAULT_CLOUD
  local known = names[name:lower()]
  return name, known or registered(parse_settings(read("clouds.config"))[name] or {})
end

-- The CLI's name of a cloud: "china" -> "AzureChinaCloud".
local function is_cloud(cli_name, name)
  return cli_name:lower() == name:lower() or names[cli_name:lower()] == name
end

---The subscriptions that the CLI knows in a cloud (by the CLI's name or ours), as { id, tenant, is_default }; nil and a
---reason when its file is not as it should be.
---@param cloud string
---@return table[]?, string?
function profile.subscriptions(cloud)
  local text = read("azureProfile.json")
  local value, problem = {}, nil
  if text then
    value, problem = core.decode((text:gsub("^\239\187\191", ""))) -- it begins with a byte order mark
  end
  if type(value) ~= "table" then
    return nil, ("%s/azureProfile.json is not as the Azure CLI writes it: %s"):format(directory(),
      problem or "not an object")
  end
  local chosen = (parse_settings(read("clouds.config"))[cloud] or {}).subscription
  local found = {}
  for _, entry in ipairs(type(value.subscriptions) == "table" and value.subscriptions or {}) do
    if type(entry) == "table" and type(entry.id) == "string" and is_cloud(tostring(entry.environmentName), cloud) then
      local is_default = entry.isDefault == true
      if chosen then
        is_default = entry.id == chosen
      end
      found[#found + 1] = {
        id = entry.id,
        tenant = type(entry.tenantId) == "string" and entry.tenantId or nil,
        is_default = is_default,
      }
    end
  end
  return found
end

return profile
