-- The public names of aks, and nothing else.
local core = require "aks.core"
local credentials = require "aks.credentials"
local settings = require "aks.settings"

---@class aks
---@field _VERSION string
---@field null lightuserdata JSON's null, in documents and request bodies
---@field loop aks.loop the event loop of this Lua state
---@field credential aks.credentials ways to sign in
local aks = {
  _VERSION = core._VERSION,
  null = core.null,
  loop = core.loop,
  credential = credentials,
}

---Makes a client. Sends nothing.
---@param options? aks.options what is absent is taken from the environment
---@return aks.client
function aks.connect(options)
  return core.connect(settings.resolve(options), settings.listeners())
end

---@type fun(text: string): aks.cidr an IP prefix such as "172.19.0.0/28"
aks.cidr = core.cidr

---@type fun(text: string): aks.id a resource id, taken apart
aks.id = core.id

---@type fun(f: function, ...): aks.task begins a task; it runs while anything waits
aks.spawn = core.spawn

---Waits for all; then raises the first error, or returns the results.
---@type fun(list: (function|aks.task|aks.operation)[]): any[]
aks.all = core.all

---@type fun(seconds: number)
aks.sleep = core.sleep

---@type fun(value: any): boolean whether the value is an error object of aks
aks.is_error = core.is_error

---@type fun(list: table): table marks a table as a JSON array, so that an empty one stays one
aks.array = core.array

return aks
