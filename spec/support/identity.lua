-- For specs about signing in: a simulated Azure with what its Entra ID knows, keys and tokens made by openssl, programs
-- that pretend to be az, and variables for one spec alone.
local aks = require "aks"
local json = require "dkjson"
local mime = require "mime"
local sim = require "aks.sim"

local identity = {}

local function run(command, ...)
  local text = command:format(...)
  assert(os.execute(text .. " >/dev/null 2>&1"), text)
end

--- Reads a whole file.
function identity.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

--- Writes a whole file.
function identity.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

--- A new directory, which goes away with all that is in it: when it is closed, or with the last who knows of it.
function identity.directory()
  local path = os.tmpname()
  os.remove(path)
  run("mkdir -m 700 %s", path)
  local function remove()
    run("rm -rf %s", path)
  end
  return setmetatable({ path = path }, { __close = remove, __gc = remove })
end

local kept

--- Key and certificate of an application, made once: paths `pem`, `encrypted` (its password is "open sesame"), `pkcs12`
--- (the same), `key`, `certificate`; `chain` has an authority's certificate behind; `other` is somebody else's.
function identity.keys()
  if kept then
    return kept.paths
  end
  kept = { directory = identity.directory() }
  local at = kept.directory.path
  local function make(name, subject)
    run("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj %s -keyout %s/%s.key -out %s/%s.crt", subject, at,
      name, at, name)
    identity.write(("%s/%s.pem"):format(at, name), identity.read(("%s/%s.key"):format(at, name))
      .. identity.read(("%s/%s.crt"):format(at, name)))
  end
  make("app", "/CN=application")
  make("other", "/CN=other")
  run("openssl rsa -aes256 -passout 'pass:open sesame' -in %s/app.key -out %s/locked.key", at, at)
  identity.write(at .. "/locked.pem", identity.read(at .. "/app.crt") .. identity.read(at .. "/locked.key"))
  identity.write(at .. "/chain.pem", identity.read(at .. "/app.pem") .. identity.read(at .. "/other.crt"))
  run("openssl pkcs12 -export -passout 'pass:open sesame' -inkey %s/app.key -in %s/app.crt -out %s/app.p12", at, at, at)
  run("openssl ecparam -genkey -name prime256v1 -noout -out %s/ec.key", at)
  run("openssl req -x509 -new -key %s/ec.key -days 30 -subj /CN=ec -out %s/ec.crt", at, at)
  identity.write(at .. "/ec.pem", identity.read(at .. "/ec.key") .. identity.read(at .. "/ec.crt"))
  kept.paths = { pem = at .. "/app.pem", key = at .. "/app.key", certificate = at .. "/app.crt",
    encrypted = at .. "/locked.pem", pkcs12 = at .. "/app.p12", chain = at .. "/chain.pem", other = at .. "/other.pem",
    other_certificate = at .. "/other.crt", ec = at .. "/ec.pem" }
  return kept.paths
end

local function encode(bytes)
  return ((mime.b64(bytes)):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

--- The SHA-256 thumbprint of a certificate (a path) as a token's header has it.
function identity.thumbprint(path)
  local pipe = assert(io.popen("openssl x509 -in " .. path .. " -outform DER | openssl dgst -sha256 -binary"))
  local bytes = pipe:read("a")
  pipe:close()
  return encode(bytes)
end

--- A token as an authority other than Entra ID gives it to a workload, signed with RS256 by `key` (a path).
function identity.federated_token(claims, key, header)
  local all = { iss = "https://issuer.example", sub = "system:serviceaccount:default:aks",
    aud = "api://AzureADTokenExchange", iat = os.time(), exp = os.time() + 3600 }
  for name, value in pairs(claims or {}) do
    all[name] = value
  end
  local head = { alg = "RS256", typ = "JWT" }
  for name, value in pairs(header or {}) do
    head[name] = value
  end
  local signed = encode(json.encode(head)) .. "." .. encode(json.encode(all))
  local input, output = os.tmpname(), os.tmpname()
  identity.write(input, signed)
  run("openssl dgst -sha256 -sign %s -out %s %s", key or identity.keys().key, output, input)
  local token = signed .. "." .. encode(identity.read(output))
  os.remove(input)
  os.remove(output)
  return token
end

--- Starts a simulator to which the application's certificate and issuer are known. All of it speaks https, as Azure
--- does; its authority is made for the specs.
function identity.start(options)
  local keys = identity.keys()
  local all = {
    tls = true,
    certificates = kept.directory.path .. "/tls",
    client_certificates = { identity.read(keys.certificate) },
    federated = { { issuer = "https://issuer.example", subject = "system:serviceaccount:default:aks",
      certificate = identity.read(keys.certificate) } },
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return sim.start(all)
end

--- The variables by which a program finds the simulator, as the words that begin a shell's command.
function identity.variables(simulator)
  return ("AKS_ENDPOINT=%s SSL_CERT_FILE=%s"):format(simulator.endpoint, simulator.ca_file or "")
end

--- A client of the simulator with this credential.
function identity.connect(simulator, credential, options)
  local settings = { endpoint = simulator.endpoint, ca_file = simulator.ca_file, subscription = simulator.subscription,
    tenant = simulator.tenant, credential = credential }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return aks.connect(settings)
end

--- The forms that were posted to the simulator's token endpoint.
function identity.forms(simulator)
  local forms = {}
  for index, request in ipairs(simulator:requests { method = "POST", path = "/oauth2/v2.0/token$" }) do
    forms[index] = request.body
  end
  return forms
end

--- While this is held, os.getenv says of its variables what the table says, and nothing of any other one of Azure's.
function identity.environment(variables)
  local getenv = os.getenv
  os.getenv = function(name) -- luacheck: ignore
    return variables[name] or getenv(name)
  end
  return setmetatable({}, {
    __close = function()
      os.getenv = getenv -- luacheck: ignore
    end,
  })
end

--- Writes a program that is taken for az: a shell script with this text. Returns its path.
function identity.fake_az(directory, text)
  local path = identity.write(directory.path .. "/az", "#!/bin/sh\n" .. text .. "\n")
  run("chmod 755 %s", path)
  return path
end

return identity
