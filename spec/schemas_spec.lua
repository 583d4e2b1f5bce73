-- Every body that the playbooks send is valid under Azure's own type schemas.
local json = require "dkjson"
local schema = require "spec.support.schema"
local shared = require "spec.support.shared"
local playbook = require "spec.support.playbook"

-- Resource type and api-version, as in a request's URL, to the schema that describes it.
local files = {
  ["microsoft.containerservice/managedclusters@2026-05-01"] = "managedClusters@2026-05-01.json",
  ["microsoft.network/virtualnetworks@2024-05-01"] = "network@2024-05-01.json",
  ["microsoft.network/virtualnetworks/subnets@2024-05-01"] = "network@2024-05-01.json",
  ["microsoft.network/networksecuritygroups@2024-05-01"] = "network@2024-05-01.json",
  ["microsoft.managedidentity/userassignedidentities@2023-01-31"] = "userAssignedIdentities@2023-01-31.json",
  ["microsoft.authorization/roleassignments@2022-04-01"] = "roleAssignments@2022-04-01.json",
}

local function type_of(url)
  local path, version = url:lower():match("^([^?]*)%?.*api%-version=([%w-]+)")
  local provider = path:match(".*/providers/(.*)$")
  if not provider then
    return nil -- a resource group: no schema is kept of it
  end
  local segments = { provider:match("^[^/]+") }
  for name in provider:gmatch("/([^/]+)/[^/]+") do
    segments[#segments + 1] = name
  end
  return table.concat(segments, "/"), version
end

--- The log keeps bodies parsed; empty arrays and objects are told apart only in a fresh parse.
local function as_sent(body)
  return json.decode(json.encode(body), 1, json.null)
end

describe("the bodies of PUT requests", function()
  for _, name in ipairs { "managed-public", "managed-private", "byo-public", "byo-private" } do
    it("are valid under Azure's schemas in playbook " .. name, function()
      local _, skipped = shared.path("schemas/managedClusters@2026-05-01.json")
      if skipped then
        pending(skipped)
        return
      end
      local checked = 0
      for _, request in ipairs(playbook.run(name)) do
        local resource_type, version
        if request.method == "PUT" then
          resource_type, version = type_of(request.url)
        end
        if resource_type then
          local file = assert(files[resource_type .. "@" .. version], "no schema for " .. request.url)
          local problems = schema.read(shared.path("schemas/" .. file)):problems(resource_type, as_sent(request.body))
          assert.are.same({}, problems)
          checked = checked + 1
        end
      end
      assert.is_true(checked >= 1)
    end)
  end
end)

describe("the schema checker itself", function()
  local path = shared.path("schemas/roleAssignments@2022-04-01.json")
  local function problems(body)
    return schema.read(path):problems("Microsoft.Authorization/roleAssignments", body)
  end
  if not path then
    return
  end

  it("finds an unknown property, a missing one, a wrong type and a read-only one", function()
    assert.are.same({ "body.colour: unknown property" }, problems {
      colour = "red",
      properties = { roleDefinitionId = "x", principalId = "y" },
    })
    assert.are.same({ "body.properties.principalId: required, but missing" }, problems {
      properties = { roleDefinitionId = "x" },
    })
    assert.are.same({ "body.properties.principalId: not a string" }, problems {
      properties = { roleDefinitionId = "x", principalId = 3 },
    })
    assert.are.same({ "body.properties.scope: read-only, but sent" }, problems {
      properties = { roleDefinitionId = "x", principalId = "y", scope = "/" },
    })
  end)

  it("finds a word that is none of the allowed ones", function()
    local found = problems { properties = { roleDefinitionId = "x", principalId = "y", principalType = "Robot" } }
    assert.are.equal(1, #found)
    assert.matches("'Robot' is none of User, Group", found[1])
  end)
end)
