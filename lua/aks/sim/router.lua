-- Finds the route of a request: paths are compared without case; {name} is a segment, {scope*} any number of them.
local http = require "aks.sim.http"

local router = {}
router.__index = router

local function split(path)
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    segments[#segments + 1] = segment
  end
  return segments
end

local function compile(route)
  local compiled = { route = route, segments = split(route.path:lower()), names = split(route.path) }
  compiled.scope = compiled.names[1] and compiled.names[1]:match("^{(%w+)%*}$")
  return compiled
end

--- A router of lists of routes { method =, path =, handler = }.
function router.new(...)
  local self = setmetatable({ compiled = {} }, router)
  for _, routes in ipairs { ... } do
    for _, route in ipairs(routes) do
      self.compiled[#self.compiled + 1] = compile(route)
    end
  end
  return self
end

-- The parameters when the route's segments are those of the path from `first` on.
local function match_segments(compiled, segments, lowered, first, skip)
  local parameters = {}
  if #segments - first ~= #compiled.segments - skip - 1 then
    return nil
  end
  for index = skip + 1, #compiled.segments do
    local name, at = compiled.names[index]:match("^{(%w+)}$"), first + index - skip - 1
    if name then
      parameters[name] = http.decode_percent(segments[at])
    elseif compiled.segments[index] ~= lowered[at] then
      return nil
    end
  end
  return parameters
end

local function match(compiled, segments, lowered)
  if not compiled.scope then
    return match_segments(compiled, segments, lowered, 1, 0)
  end
  local first = #segments - #compiled.segments + 2
  if first < 1 then
    return nil
  end
  local parameters = match_segments(compiled, segments, lowered, first, 1)
  if parameters then
    parameters[compiled.scope] = "/" .. table.concat(segments, "/", 1, first - 1)
  end
  return parameters
end

--- The route and its parameters; nil and whether the path is known with another method.
function router:find(method, path)
  local segments, lowered, known = split(path), split(path:lower()), false
  for _, compiled in ipairs(self.compiled) do
    local parameters = match(compiled, segments, lowered)
    if parameters and compiled.route.method == method then
      return compiled.route, parameters
    end
    known = known or parameters ~= nil
  end
  return nil, known
end

return router
