-- Signing in with one credential, for the specs of each kind.
local azure = require "spec.support.azure"
local identity = require "spec.support.identity"

local sign_in = {}

local simulator

--- Starts the simulator that credentials sign in to, and returns it.
function sign_in.start(options)
  simulator = identity.start(options)
  return simulator
end

function sign_in.stop()
  simulator:stop()
end

--- Signs in, reads something of ARM, and returns the report of who one is.
function sign_in.report(credential)
  local client <close> = identity.connect(simulator, credential)
  assert(client:resource_group("none"):exists() == false)
  return client:identity_report()
end

--- The error object that signing in ends in.
function sign_in.failure(credential)
  local client <close> = identity.connect(simulator, credential)
  return azure.error_of(client.identity_report, client)
end

return sign_in
