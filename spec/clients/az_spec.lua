-- The Azure CLI, unmodified, does the whole job in a simulated Azure. Its version here (2.45) has no words for API
-- Server VNet Integration: those come from a later one, or an extension that is in no package. So the integrated
-- clusters are put by `az resource`, and everything else is done to them by `az aks`.
local az = require "spec.clients.az"
local json = require "dkjson"
local program = require "spec.support.program"

local VERSION = "2025-05-01" -- of AKS, for `az resource`

if az.missing() then
  it("the Azure CLI in a simulated Azure", function()
    pending(az.missing())
  end)
  return
end

describe("the Azure CLI in a simulated Azure", function()
  local cli, root, vnet, clusters, identity

  setup(function()
    cli = az.start()
    root = "/subscriptions/" .. cli.sim.subscription .. "/resourceGroups/demo/providers/"
    vnet, clusters = root .. "Microsoft.Network/virtualNetworks/network",
      root .. "Microsoft.ContainerService/managedClusters/"
  end)
  teardown(function()
    cli:stop()
  end)

  local function run(words, ...)
    local list = {}
    for word in words:gmatch("%S+") do
      list[#list + 1] = word
    end
    for _, word in ipairs { ... } do
      list[#list + 1] = word
    end
    return cli:run(table.unpack(list))
  end

  -- Integrated or not, and private or not, as a version that knows of it shows it.
  local function access(name)
    local profile = run("resource show --api-version " .. VERSION .. " --ids", clusters .. name)
      .properties.apiServerAccessProfile or {}
    return { integrated = profile.enableVnetIntegration, private = profile.enablePrivateCluster,
      subnet = profile.subnetId }
  end

  it("signs in with a service principal", function()
    assert.are.equal(cli.sim.subscription, cli:login()[1].id)
    assert.are.equal(cli.sim.tenant, run("account show").tenantId)
    assert.are.equal("Bearer", run("account get-access-token").tokenType)
  end)

  it("lends its login to the aks command, with its cloud and its subscription", function()
    local environment = { AZURE_TOKEN_CREDENTIALS = "AzureCliCredential", SSL_CERT_FILE = cli.sim.ca_file }
    for name, value in pairs(cli.environment) do
      environment[name] = value
    end
    local done = program.aks(environment, "whoami", "--output", "json")
    assert.are.equal(0, done.status, done.err)
    local report = json.decode(done.out)
    assert.are.equal("azure_cli", report.credential)
    assert.are.equal(cli.sim.endpoint, report.endpoint)
    assert.are.equal(cli.sim.subscription, report.subscription)
    assert.are.equal(cli.sim.object_id, report.object_id)
  end)

  it("is told when the secret is wrong", function()
    local complaints = cli:refused("login", "--service-principal", "--tenant", cli.sim.tenant, "--username",
      cli.sim.client_id, "--password", "wrong")
    assert.matches("AADSTS7000215", complaints)
    cli:login()
  end)

  it("registers the feature and the provider", function()
    local feature = "--namespace Microsoft.ContainerService --name EnableAPIServerVnetIntegrationPreview"
    assert.are.equal("Registering", run("feature register " .. feature).properties.state)
    run("feature show " .. feature)
    assert.are.equal("Registered", run("feature show " .. feature).properties.state)
    run("provider register --wait --namespace Microsoft.ContainerService")
    assert.are.equal("Registered", run("provider show --namespace Microsoft.ContainerService").registrationState)
  end)

  it("makes a resource group", function()
    assert.are.equal("Succeeded", run("group create -n demo -l westus2 --tags a=b").properties.provisioningState)
    assert.are.same({ a = "b" }, run("group show -n demo").tags)
    assert.are.equal("demo", run("group list")[1].name)
    assert.is_true(run("group exists -n demo"))
  end)

  it("makes a network with a delegated subnet and one for the nodes", function()
    run("network vnet create -g demo -n network --address-prefixes 172.19.0.0/16")
    local apiserver = run("network vnet subnet create -g demo --vnet-name network -n apiserver --address-prefixes "
      .. "172.19.0.0/27 --delegations Microsoft.ContainerService/managedClusters")
    assert.are.equal("Microsoft.ContainerService/managedClusters", apiserver.delegations[1].serviceName)
    for name, prefix in pairs { nodes = "172.19.1.0/24", spare = "172.19.2.0/24" } do
      run(("network vnet subnet create -g demo --vnet-name network -n %s --address-prefixes %s"):format(name, prefix))
    end
    run("network vnet subnet delete -g demo --vnet-name network -n spare")
    local names = {}
    for _, subnet in ipairs(run("network vnet subnet list -g demo --vnet-name network")) do
      names[#names + 1] = subnet.name
    end
    assert.are.same({ "apiserver", "nodes" }, names)
    assert.are.equal("Succeeded", run("network vnet show -g demo -n network").provisioningState)
    assert.are.equal("network", run("network vnet list -g demo")[1].name)
  end)

  it("guards a subnet with a security group and its rules", function()
    run("network nsg create -g demo -n rules")
    run("network nsg rule create -g demo --nsg-name rules -n api --priority 100 --destination-port-ranges 443 4443")
    assert.are.same({ "443", "4443" },
      run("network nsg rule list -g demo --nsg-name rules")[1].destinationPortRanges)
    run("network vnet subnet update -g demo --vnet-name network -n nodes --network-security-group rules")
    assert.matches("/networkSecurityGroups/rules$",
      run("network vnet subnet show -g demo --vnet-name network -n nodes").networkSecurityGroup.id)
    assert.matches("InUseNetworkSecurityGroupCannotBeDeleted",
      cli:refused("network", "nsg", "delete", "-g", "demo", "-n", "rules"))
  end)

  it("lets an identity use both subnets", function()
    identity = run("identity create -g demo -n cluster-identity")
    assert.are.equal(identity.principalId, run("identity show -g demo -n cluster-identity").principalId)
    for _, name in ipairs { "apiserver", "nodes" } do
      local assignment = run("role assignment create --assignee " .. identity.clientId .. " --scope",
        vnet .. "/subnets/" .. name, "--role", "Network Contributor")
      assert.are.equal(identity.principalId, assignment.principalId)
    end
    assert.are.equal("Network Contributor",
      run("role assignment list --scope", vnet .. "/subnets/nodes")[1].roleDefinitionName)
    assert.are.equal("4d97b98b-1d4f-4787-a291-c67834d212e7",
      run("role definition list --name", "Network Contributor")[1].name)
  end)

  -- The body of an integrated cluster, as `az resource create` takes it.
  local function body(private, brought)
    local profile, pool = { enableVnetIntegration = true, enablePrivateCluster = private or nil },
      { name = "nodepool1", mode = "System", count = 1, vmSize = "Standard_D4s_v3" }
    local who = { type = "SystemAssigned" }
    if brought then
      profile.subnetId, pool.vnetSubnetID = vnet .. "/subnets/apiserver", vnet .. "/subnets/nodes"
      who = { type = "UserAssigned", userAssignedIdentities = { [identity.id] = json.decode("{}") } }
    end
    return json.encode { location = "westus2", identity = who, properties = { dnsPrefix = "demo",
      apiServerAccessProfile = profile, agentPoolProfiles = { pool } } }
  end

  for name, variant in pairs { ["managed-public"] = { false, false }, ["managed-private"] = { true, false },
    ["byo-public"] = { false, true }, ["byo-private"] = { true, true } } do
    it("creates an integrated cluster, " .. name, function()
      local cluster = run("resource create --is-full-object --api-version " .. VERSION .. " --id", clusters .. name,
        "--properties", body(table.unpack(variant)))
      assert.are.equal("Succeeded", cluster.properties.provisioningState)
      assert.are.same({ integrated = true, private = variant[1], subnet = variant[2] and vnet .. "/subnets/apiserver"
        or "" }, access(name))
      assert.are.equal("Succeeded", run("aks show -g demo -n " .. name).provisioningState)
    end)
  end

  it("creates plain clusters of its own, public and private, in its own network and in a managed one", function()
    local own = { "--vnet-subnet-id", vnet .. "/subnets/nodes", "--assign-identity", identity.id, "--network-plugin",
      "azure" }
    assert.are.equal("Succeeded", run("aks create -g demo -n plain --generate-ssh-keys --node-count 1",
      table.unpack(own)).provisioningState)
    assert.is_string(run("aks create -g demo -n plain-private --generate-ssh-keys --enable-private-cluster "
      .. "--node-count 1").privateFqdn)
  end)

  it("converts a cluster, and makes it private and public again", function()
    run("aks delete -g demo -n byo-public --yes") -- its addresses are needed
    local function set(...)
      run("resource update --api-version " .. VERSION .. " --ids", clusters .. "plain", "--set", ...)
    end
    set("properties.apiServerAccessProfile=" .. json.encode { enableVnetIntegration = true,
      subnetId = vnet .. "/subnets/apiserver" })
    assert.are.same({ integrated = true, private = false, subnet = vnet .. "/subnets/apiserver" }, access("plain"))
    assert.is_true(cli.sim:needs_restart(clusters .. "plain"))
    run("aks stop -g demo -n plain")
    assert.is_true(cli.sim:needs_restart(clusters .. "plain"))
    assert.are.equal("Stopped", run("aks show -g demo -n plain").powerState.code)
    run("aks start -g demo -n plain")
    assert.is_false(cli.sim:needs_restart(clusters .. "plain"))
    set("properties.apiServerAccessProfile.enablePrivateCluster=true")
    assert.is_true(access("plain").private)
    set("properties.apiServerAccessProfile.enablePrivateCluster=false")
    assert.is_false(access("plain").private)
  end)

  it("does not undo a conversion by an update whose api-version does not know of it", function()
    run("aks update -g demo -n plain --tags team=a")
    run("aks update -g demo -n plain --api-server-authorized-ip-ranges 8.8.8.0/24")
    assert.are.same({ integrated = true, private = false, subnet = vnet .. "/subnets/apiserver" }, access("plain"))
    assert.are.same({ team = "a" }, run("aks show -g demo -n plain").tags)
  end)

  it("lists clusters", function()
    assert.are.equal(5, #run("aks list"))
    assert.matches("plain%s+westus2", run("aks list -g demo -o table"))
    assert.are.equal(5, #run("resource list --resource-type Microsoft.ContainerService/managedClusters"))
  end)

  it("gets credentials", function()
    local file = cli.scratch .. "/kubeconfig"
    run("aks get-credentials -g demo -n plain --file", file)
    run("aks get-credentials -g demo -n plain --admin --file", file)
    local handle = assert(io.open(file))
    local text = handle:read("a")
    handle:close()
    assert.matches("current-context: plain-admin", text, 1, true)
    assert.matches("server: https://%S+%.hcp%.westus2%.azmk8s%.io:443", text)
  end)

  it("adds a pool, scales it, and removes it", function()
    run("aks nodepool add -g demo --cluster-name plain -n user1 --node-count 1 --vnet-subnet-id",
      vnet .. "/subnets/nodes")
    run("aks nodepool scale -g demo --cluster-name plain -n user1 --node-count 2")
    assert.are.equal(2, #run("aks nodepool list -g demo --cluster-name plain"))
    assert.are.equal(2, run("aks nodepool show -g demo --cluster-name plain -n user1").count)
    run("aks nodepool delete -g demo --cluster-name plain -n user1")
  end)

  it("runs a command in a cluster, and asks for versions", function()
    assert.matches("aks%-nodepool1%-vmss000000%s+Ready", run("aks command invoke -g demo -n plain -c",
      "kubectl get nodes"))
    assert.matches("1%.33", run("aks get-versions -l westus2 -o table"))
    assert.matches("1%.34", run("aks get-upgrades -g demo -n plain -o table"))
    local usages = "/subscriptions/" .. cli.sim.subscription .. "/providers/Microsoft.Compute/locations/westus2/usages"
    assert.are.equal("cores", run("rest --method get --url", usages .. "?api-version=2024-07-01").value[1].name.value)
  end)

  it("is told why a subnet cannot go", function()
    assert.matches("InUseSubnetCannotBeDeleted",
      cli:refused("network", "vnet", "subnet", "delete", "-g", "demo", "--vnet-name", "network", "-n", "apiserver"))
  end)

  it("deletes all of it", function()
    run("aks delete -g demo -n plain-private --yes")
    for _, name in ipairs { "plain", "managed-public", "managed-private", "byo-private" } do
      run("aks delete --yes --no-wait -g demo -n " .. name)
    end
    for _, name in ipairs { "plain", "managed-public", "managed-private", "byo-private" } do
      run("aks wait --deleted --interval 1 -g demo -n " .. name)
    end
    run("role assignment delete --assignee " .. identity.clientId .. " --scope", vnet .. "/subnets/nodes")
    run("identity delete -g demo -n cluster-identity")
    run("network vnet delete -g demo -n network")
    run("group delete -n demo --yes")
    assert.is_false(run("group exists -n demo"))
    assert.are.same({}, cli.sim:export())
  end)
end)
