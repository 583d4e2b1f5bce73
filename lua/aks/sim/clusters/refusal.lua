-- How AKS refuses: its own error shape; and whether the code is Azure's, or stands for one that nobody has told.
local http = require "aks.sim.http"

local refusal = {}

-- The access profile's path in a body.
refusal.ACCESS = "properties.apiServerAccessProfile."

--- 400 with a code that public sources tell.
function refusal.known(code, message, target)
  http.raise_bare(400, code, message, { target = target })
end

--- 400 with a code of the simulator's, which says so.
function refusal.placeholder(code, message, target)
  http.raise_bare(400, code, message, { target = target, subcode = "SimulatorPlaceholder" })
end

--- Whether a text is there: az sends empty ones for what it leaves to AKS.
function refusal.given(text)
  return text ~= nil and text ~= ""
end

return refusal
