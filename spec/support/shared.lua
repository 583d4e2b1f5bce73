-- Where evidence about the real Azure is kept beside a checkout: recorded traffic and type schemas. Specs that need it
-- say that they were skipped where it is not.
local shared = {}

local root = (os.getenv("AKS_EVIDENCE") or "../shared") .. "/"

--- The path of a file of the evidence, or nil and why a spec is skipped.
function shared.path(name)
  local file = io.open(root .. name)
  if not file then
    return nil, "skipped: " .. root .. name .. " is not here"
  end
  file:close()
  return root .. name
end

return shared
