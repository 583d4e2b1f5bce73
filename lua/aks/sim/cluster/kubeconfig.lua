-- Kubeconfigs as listClusterUserCredential and listClusterAdminCredential return them.
local base64 = require "aks.sim.base64"

local kubeconfig = {}

local template = [[
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: https://%s:443
  name: %s
contexts:
- context:
    cluster: %s
    user: %s
  name: %s
current-context: %s
kind: Config
preferences: {}
users:
- name: %s
  user:
    client-certificate-data: %s
    client-key-data: %s
    token: %s
]]

local function pem(kind, bytes)
  return base64.encode(("-----BEGIN %s-----\n%s\n-----END %s-----\n"):format(kind, base64.encode(bytes), kind))
end

--- The answer to a request for credentials. `kind`: "clusterUser" or "clusterAdmin".
function kubeconfig.answer(context, record, kind)
  local simulator, document = context.sim, record.document
  local properties, name = document.properties, document.name
  local public = context.query["server-fqdn"] == "public"
  local server = not public and properties.privateFQDN or properties.fqdn or properties.privateFQDN
  local user = ("%s_%s_%s"):format(kind, context.group.document.name, name)
  local text = template:format(pem("CERTIFICATE", simulator.random(600)), server, name, name, user, name, name, user,
    pem("CERTIFICATE", simulator.random(600)), pem("RSA PRIVATE KEY", simulator.random(1200)), simulator.random(128))
  return { kubeconfigs = { { name = kind, value = base64.encode(text) } } }
end

return kubeconfig
