-- aks whoami: signs in as every other command would, and tells who one is then.
local result = require "aks.cli.result"

local whoami = {}

function whoami.add_to_parser(parser)
  local command = parser:command("whoami", "Sign in, and tell who one is.")
  command:option("--endpoint", "The Azure Resource Manager to use, such as the one 'aks sim' prints."):argname("URL")
  command:option("--subscription", "The subscription to use, before the environment's."):argname("ID")
  command:option("--output", "How to print it."):choices { "text", "json" }:default("text")
end

-- What is shown, in this order, and by which words.
local rows = {
  { "credential", "credential" },
  { "name", "name" },
  { "type", "type" },
  { "tenant", "tenant" },
  { "subscription", "subscription" },
  { "object_id", "object id" },
  { "client_id", "client id" },
  { "endpoint", "endpoint" },
  { "authority", "authority" },
  { "audience", "audience" },
  { "expires_on", "expires" },
}

-- "2026-11-23T09:00:00Z (in 59 min)"
local function expiry(seconds)
  local minutes = (seconds - os.time()) // 60
  local left = minutes >= 120 and ("%d h"):format(minutes // 60) or ("%d min"):format(minutes)
  return ("%s (in %s)"):format(os.date("!%Y-%m-%dT%H:%M:%SZ", seconds), left)
end

-- Claims are text from outside: nothing in them may move the cursor.
local function printable(text)
  return (tostring(text):gsub("%c", " "))
end

local function as_text(report)
  local lines = {}
  for _, row in ipairs(rows) do
    local name, title = table.unpack(row)
    local value = report[name]
    if value ~= nil then
      lines[#lines + 1] = ("%-14s%s"):format(title, name == "expires_on" and expiry(value) or printable(value))
    end
  end
  return table.concat(lines, "\n")
end

local formats = { text = as_text, json = result.json }

function whoami.run(arguments)
  local client <close> = require("aks").connect {
    endpoint = arguments.endpoint,
    subscription = arguments.subscription,
  }
  print(formats[arguments.output](client:identity_report()))
end

return whoami
