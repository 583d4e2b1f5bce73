-- The kubeconfig that AKS hands out: for a local account, or for Entra with kubelogin.
local base64 = require "aks.sim.base64"
local http = require "aks.sim.http"

local kubeconfig = {}

-- Text of the form of a PEM file; nobody decodes what is in it.
local function pem(simulator, label, lines)
  local parts = { "-----BEGIN " .. label .. "-----" }
  for _ = 1, lines do
    parts[#parts + 1] = base64.encode(simulator.random(48))
  end
  parts[#parts + 1] = "-----END " .. label .. "-----\n"
  return base64.encode(table.concat(parts, "\n"))
end

local function local_user(simulator)
  return ([[
    client-certificate-data: %s
    client-key-data: %s
    token: %s
]]):format(pem(simulator, "CERTIFICATE", 28), pem(simulator, "RSA PRIVATE KEY", 50), simulator.random(128))
end

-- The ids are those of the AKS server and client applications of the public cloud.
local function entra_user(simulator)
  return ([[
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - get-token
      - --environment
      - AzurePublicCloud
      - --server-id
      - 6dae42f8-4368-4678-94ff-3960e28e3630
      - --client-id
      - 80faf920-1908-4b52-b5ef-a8e7bedfc67a
      - --tenant-id
      - %s
      - --login
      - devicecode
      command: kubelogin
      env: null
      provideClusterInfo: false
]]):format(simulator.options.tenant)
end

--- The YAML of one account ("clusterUser", "clusterAdmin") of a cluster.
---@param spec table { cluster, group, account, server, entra, authority }
function kubeconfig.text(simulator, spec)
  local user = ("%s_%s_%s"):format(spec.account, spec.group, spec.cluster)
  return ([[
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
]]):format(spec.authority, spec.server, spec.cluster, spec.cluster, user, spec.cluster, spec.cluster, user)
    .. (spec.entra and entra_user(simulator) or local_user(simulator))
end

--- A certificate authority, made once for a cluster.
function kubeconfig.authority(simulator)
  return pem(simulator, "CERTIFICATE", 26)
end

--- The answer of listCluster...Credential.
function kubeconfig.answer(account, text)
  return { kubeconfigs = http.array { { name = account, value = base64.encode(text) } } }
end

return kubeconfig
