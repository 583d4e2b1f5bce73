-- What the caller may do: with the option `roles`, its role assignments are kept, as Azure keeps them.
local http = require "aks.sim.http"
local roles = require "aks.sim.roles"

local access = {}

local verbs = { GET = "read", HEAD = "read", PUT = "write", PATCH = "write", DELETE = "delete" }

-- Types whose actions are named otherwise than they are.
local named = {
  ["microsoft.resources"] = "Microsoft.Resources/subscriptions/resourceGroups",
  ["microsoft.features/providers"] = "Microsoft.Features/providers/features",
}

-- What an action is called: https://learn.microsoft.com/azure/role-based-access-control/permissions
local function action_of(context)
  local kind = named[context.type:lower()] or context.type
  if context.method == "POST" then
    return ("%s/%s/action"):format(kind, context.action or "")
  end
  return kind .. "/" .. verbs[context.method]
end

-- What it is done to: the resource; of a list, where it was asked for.
local function scope_of(context)
  local id = context.id:gsub("/+$", "")
  if context.method == "POST" and context.action then
    id = id:match("^(.*)/[^/]+$")
  end
  local rest = id:match("/[Pp]roviders/[^/]+/(.+)$")
  local _, slashes = (rest or "/"):gsub("/", "")
  return slashes % 2 == 0 and id:match("^(.*)/[Pp]roviders/[^/]+/.+$") or id
end

local function name_of(context)
  return ("The client '%s' with object id '%s'"):format(context.sim.options.client_id, context.caller)
end

--- Answers 403 when the caller may not do what it asks for.
function access.check(context, route)
  if not context.sim.options.roles or route.any_version or not context.id:lower():find("^/subscriptions/[^/]") then
    return
  end
  local action, scope = action_of(context), scope_of(context)
  if not roles.allows(context.sim, context.caller, action, scope) then
    http.raise(403, "AuthorizationFailed", ("%s does not have authorization to perform action '%s' over scope '%s' or "
      .. "the scope is invalid. If access was recently granted, please refresh your credentials."):format(
        name_of(context), action, scope))
  end
end

--- Answers 403 when the caller may not do an action to something that its request refers to.
function access.check_linked(context, action, linked)
  if not context.sim.options.roles or roles.allows(context.sim, context.caller, action, linked) then
    return
  end
  http.raise(403, "LinkedAuthorizationFailed", ("%s has permission to perform action '%s' on scope '%s'; however, it "
    .. "does not have permission to perform action(s) '%s' on the linked scope(s) '%s' (respectively) or the linked "
    .. "scope(s) are invalid."):format(name_of(context), action_of(context), scope_of(context), action, linked))
end

return access
