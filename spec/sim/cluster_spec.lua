-- Managed clusters: their variants, changes, power, abort, credentials, end.
local client = require "spec.sim.client"
local json = require "dkjson"
local mime = require "mime"

local MANAGED_VNETS = "/resourceGroups/MC_demo_demo_westus2/providers/Microsoft.Network/virtualNetworks"

local azure

local function access_of(body)
  return body.properties.apiServerAccessProfile
end

local function find(list, name)
  for _, item in ipairs(list) do
    if item.name == name then
      return item
    end
  end
end

describe("a cluster", function()
  before_each(function()
    azure = client.start()
  end)
  after_each(function()
    azure:stop()
  end)

  local function create(access)
    azure:create_group()
    return azure:create(client.CLUSTER, client.managed(access))
  end

  -- Changes what a function changes in the body that is read, as clients do it.
  local function change(edit)
    local body = azure:get(client.CLUSTER).body
    edit(body.properties, body)
    local answer = azure:put(client.CLUSTER, body)
    if answer.status == 200 then
      azure:wait(answer)
    end
    return answer, azure:get(client.CLUSTER).body
  end

  describe("that is created", function()
    it("in a managed VNet, public, has a public name and an empty subnetId", function()
      local body = create()
      assert.are.same({ enablePrivateCluster = false, enableVnetIntegration = true, subnetId = "" }, access_of(body))
      assert.matches("^demo%-%x+%.hcp%.westus2%.azmk8s%.io$", body.properties.fqdn)
      assert.matches("^demo%-%x+%.portal%.hcp%.westus2%.azmk8s%.io$", body.properties.azurePortalFQDN)
      assert.is_nil(body.properties.privateFQDN)
    end)

    it("in a managed VNet, private, has a private name and a public one for it", function()
      local body = create { enableVnetIntegration = true, enablePrivateCluster = true, authorizedIPRanges = {} }
      assert.are.same({ enablePrivateCluster = true, privateDNSZone = "system", enablePrivateClusterPublicFQDN = true,
        enableVnetIntegration = true, subnetId = "" }, access_of(body))
      assert.matches("^demo%-%x+%.%x+%-%x+%-%x+%-%x+%-%x+%.private%.westus2%.azmk8s%.io$", body.properties.privateFQDN)
      assert.matches("^demo%-%x+%.hcp%.westus2%.azmk8s%.io$", body.properties.fqdn)
      assert.matches("^%x+%-priv%.portal%.hcp%.westus2%.azmk8s%.io$", body.properties.azurePortalFQDN)
      assert.is_nil(body.properties.privateLinkResources)
    end)

    it("private by private link has the link's resources and name, and nothing of the integration", function()
      local body = create { enablePrivateCluster = true }
      assert.is_nil(access_of(body).enableVnetIntegration)
      assert.is_nil(access_of(body).subnetId)
      assert.matches("%.privatelink%.westus2%.azmk8s%.io$", body.properties.privateFQDN)
      assert.are.equal("management", body.properties.privateLinkResources[1].groupId)
    end)

    it("plainly has no access profile", function()
      assert.is_nil(access_of(create {}))
    end)

    it("without public name has none", function()
      local body = create { enableVnetIntegration = true, enablePrivateCluster = true,
        enablePrivateClusterPublicFQDN = false }
      assert.is_nil(body.properties.fqdn)
      assert.is_string(body.properties.privateFQDN)
    end)

    it("without private DNS has its public name as private one", function()
      local body = create { enableVnetIntegration = true, enablePrivateCluster = true, privateDNSZone = "none" }
      assert.are.equal(body.properties.fqdn, body.properties.privateFQDN)
    end)

    it("as Automatic is integrated unasked", function()
      azure:create_group()
      local body = client.managed {}
      body.sku = { name = "Automatic", tier = "Standard" }
      assert.are.same({ enablePrivateCluster = false, enableVnetIntegration = true, subnetId = "" },
        access_of(azure:create(client.CLUSTER, body)))
    end)

    it("in one's own VNet takes nine addresses and links the API server's subnet", function()
      azure:create_network()
      local body = azure:create(client.CLUSTER, azure:brought { enablePrivateCluster = true })
      assert.are.equal(azure.root .. client.APISERVER, access_of(body).subnetId)
      local subnet = azure:get(client.APISERVER).body.properties
      assert.are.equal(9, #subnet.ipConfigurations)
      local link = subnet.serviceAssociationLinks[1]
      assert.are.equal("AzureKubernetesService", link.name)
      assert.are.equal(client.DELEGATION, link.properties.linkedResourceType)
      assert.is_false(link.properties.allowDelete)
      assert.are.equal(3, #azure:get(client.NODES).body.properties.ipConfigurations)
    end)

    it("makes a node resource group, with a network when none was brought", function()
      create()
      local group = azure:get("/resourceGroups/MC_demo_demo_westus2").body
      assert.are.equal(azure:get(client.CLUSTER).body.id, group.managedBy)
      local vnet = azure:get(MANAGED_VNETS).body.value[1]
      assert.matches("^aks%-vnet%-%d%d%d%d%d%d%d%d$", vnet.name)
      assert.are.same({ "10.224.0.0/12" }, vnet.properties.addressSpace.addressPrefixes)
      local apiserver = find(vnet.properties.subnets, "aks-apiserver-subnet")
      assert.are.equal("10.226.0.0/28", apiserver.properties.addressPrefix)
      assert.are.equal("aks-delegation", apiserver.properties.delegations[1].name)
      assert.are.equal(9, #apiserver.properties.ipConfigurations)
    end)

    it("makes no network when one was brought", function()
      azure:create_network()
      azure:create(client.CLUSTER, azure:brought())
      assert.are.same({}, azure:get(MANAGED_VNETS).body.value)
    end)

    it("is given what it leaves out", function()
      local properties = create().properties
      local network, pool = properties.networkProfile, properties.agentPoolProfiles[1]
      assert.are.equal("azure", network.networkPlugin)
      assert.are.equal("overlay", network.networkPluginMode)
      assert.are.equal("10.244.0.0/16", network.podCidr)
      assert.are.equal("10.0.0.0/16", network.serviceCidr)
      assert.are.equal("10.0.0.10", network.dnsServiceIP)
      assert.are.equal("loadBalancer", network.outboundType)
      assert.are.equal("standard", network.loadBalancerSku:lower())
      assert.are.same({ "IPv4" }, network.ipFamilies)
      assert.are.equal(250, pool.maxPods)
      assert.are.equal(128, pool.osDiskSizeGB)
      assert.are.equal("10%", pool.upgradeSettings.maxSurge)
      assert.matches("^AKSUbuntu", pool.nodeImageVersion)
      assert.are.equal("Running", properties.powerState.code)
      assert.matches("^1%.%d+%.%d+$", properties.currentKubernetesVersion)
      assert.are.equal("KubernetesOfficial", properties.supportPlan)
      assert.are.equal("msi", properties.servicePrincipalProfile.clientId)
    end)

    it("with az's empty values is given the defaults in their place", function()
      azure:create_group()
      local body = client.managed()
      body.properties.kubernetesVersion = ""
      body.properties.addonProfiles, body.properties.networkProfile = setmetatable({}, { __jsontype = "object" }),
        setmetatable({}, { __jsontype = "object" })
      local pool = body.properties.agentPoolProfiles[1]
      pool.orchestratorVersion, pool.osDiskSizeGB, pool.spotMaxPrice = "", 0, -1.0
      local whole = azure:create(client.CLUSTER, body)
      assert.are.equal(128, whole.properties.agentPoolProfiles[1].osDiskSizeGB)
      assert.matches("^1%.%d+$", whole.properties.kubernetesVersion)
      assert.are.equal("azure", whole.properties.networkProfile.networkPlugin)
    end)

    it("shows when it is made what it did not before", function()
      azure:create_group()
      local body = client.managed()
      body.properties.networkProfile = { loadBalancerSku = "standard" }
      local answer = azure:put(client.CLUSTER, body)
      assert.is_nil(answer.body.properties.identityProfile)
      assert.are.equal("standard", answer.body.properties.networkProfile.loadBalancerSku)
      azure:wait(answer)
      local properties = azure:get(client.CLUSTER).body.properties
      assert.matches("/demo%-agentpool$", properties.identityProfile.kubeletidentity.resourceId)
      assert.are.equal("Standard", properties.networkProfile.loadBalancerSku)
      assert.are.equal(1, #properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs)
    end)

    it("has its names already in the first answer", function()
      azure:create_group()
      local first = azure:put(client.CLUSTER, client.managed()).body
      assert.are.equal(first.properties.fqdn, azure:get(client.CLUSTER).body.properties.fqdn)
    end)

    it("is written over many lines, as its provider writes", function()
      create()
      local answer = azure:get(client.CLUSTER)
      assert.are.equal("application/json", answer.headers["content-type"])
      assert.matches("\n  ", answer.text)
    end)

    it("is in the lists of its group and of the subscription", function()
      create()
      local all = "/providers/Microsoft.ContainerService/managedClusters"
      assert.are.equal("demo", azure:get(all).body.value[1].name)
      assert.are.equal("demo", azure:get(client.GROUP .. all).body.value[1].name)
    end)
  end)

  describe("that is changed", function()
    it("ignores what is read-only in the body, as az sends it back", function()
      create()
      local answer, body = change(function(properties, whole)
        properties.fqdn, properties.provisioningState, whole.eTag = "other", "Failed", "other"
        properties.powerState = { code = "Stopped" }
      end)
      assert.are.equal(200, answer.status)
      assert.matches("hcp", body.properties.fqdn)
      assert.are.equal("Running", body.properties.powerState.code)
      assert.are.equal("Succeeded", body.properties.provisioningState)
    end)

    it("is Updating meanwhile, and refuses another change", function()
      create()
      local body = client.managed()
      assert.are.equal("Updating", azure:put(client.CLUSTER, body).body.properties.provisioningState)
      local answer = azure:put(client.CLUSTER, body)
      assert.are.equal(409, answer.status)
      assert.are.equal("OperationNotAllowed", answer.body.code)
      assert.matches("aka.ms/aks%-pending%-operation", answer.body.message)
    end)

    it("keeps blocks and pools that a PUT leaves out, but not tags", function()
      azure:create_group()
      local body = client.managed()
      body.tags, body.properties.aadProfile = { a = "1" }, { managed = true }
      table.insert(body.properties.agentPoolProfiles, { name = "work", mode = "User", count = 1 })
      azure:create(client.CLUSTER, body)
      local whole = azure:create(client.CLUSTER, { location = "westus2", properties = {
        agentPoolProfiles = { { name = "nodepool1", count = 5 } } } })
      assert.is_nil(whole.tags)
      assert.is_true(whole.properties.aadProfile.managed)
      assert.are.equal(5, find(whole.properties.agentPoolProfiles, "nodepool1").count)
      assert.are.equal("Standard_D4s_v3", find(whole.properties.agentPoolProfiles, "nodepool1").vmSize)
      assert.are.equal(1, find(whole.properties.agentPoolProfiles, "work").count)
      assert.are.equal("demo", whole.properties.dnsPrefix)
    end)

    it("takes tags by PATCH", function()
      create()
      assert.are.same({ a = "1" }, azure:patch(client.CLUSTER, { tags = { a = "1" } }).body.tags)
    end)

    it("becomes private, and public again, under the same host name", function()
      local before = create()
      local _, private = change(function(properties)
        properties.apiServerAccessProfile.enablePrivateCluster = true
      end)
      assert.is_true(access_of(private).enablePrivateCluster)
      assert.is_string(private.properties.privateFQDN)
      assert.are.equal(before.properties.fqdn, private.properties.fqdn)
      local answer, public = change(function(properties)
        properties.apiServerAccessProfile.enablePrivateCluster = false -- its zone and public name stay in the body
      end)
      assert.are.equal(200, answer.status)
      assert.are.same({ enablePrivateCluster = false, enableVnetIntegration = true, subnetId = "" }, access_of(public))
      assert.is_nil(public.properties.privateFQDN)
      assert.are.equal(before.properties.fqdn, public.properties.fqdn)
    end)

    it("is converted: into a subnet of its nodes' VNet, with newer node images, for ever", function()
      azure:create_network()
      local plain = azure:brought()
      plain.properties.apiServerAccessProfile = nil
      local before = azure:create(client.CLUSTER, plain)
      local body = azure:get(client.CLUSTER).body
      body.properties.apiServerAccessProfile = { enableVnetIntegration = true, subnetId = azure.root
        .. client.APISERVER }
      local answer = azure:put(client.CLUSTER, body)
      assert.are.equal("Updating", answer.body.properties.provisioningState)
      assert.are.equal("UpgradingNodeImageVersion", answer.body.properties.agentPoolProfiles[1].provisioningState)
      azure:wait(answer)
      local after = azure:get(client.CLUSTER).body
      assert.is_true(access_of(after).enableVnetIntegration)
      assert.are.equal(before.properties.fqdn, after.properties.fqdn)
      assert.are_not.equal(before.properties.agentPoolProfiles[1].nodeImageVersion,
        after.properties.agentPoolProfiles[1].nodeImageVersion)
      assert.are.equal(9, #azure:get(client.APISERVER).body.properties.ipConfigurations)
    end)

    it("needs a stop and a start after it was converted, as a test can see", function()
      azure:create_network()
      local id = azure.root .. client.CLUSTER
      local plain = azure:brought()
      plain.properties.apiServerAccessProfile = nil
      azure:create(client.CLUSTER, plain)
      assert.is_false(azure.sim:needs_restart(id))
      azure:create(client.CLUSTER, azure:brought())
      assert.is_true(azure.sim:needs_restart(id))
      azure:wait(azure:post(client.CLUSTER .. "/stop"))
      azure:wait(azure:post(client.CLUSTER .. "/start"))
      assert.is_false(azure.sim:needs_restart(id))
    end)

    it("is converted in a managed VNet when a subnet was made there", function()
      create {}
      local subnet = azure:get(MANAGED_VNETS).body.value[1].id .. "/subnets/apiserver"
      azure:create(subnet, { properties = client.subnet("10.226.0.0/28", client.DELEGATION) })
      local answer, body = change(function(properties)
        properties.apiServerAccessProfile = { enableVnetIntegration = true, subnetId = subnet }
      end)
      assert.are.equal(200, answer.status, answer.text)
      assert.are.equal(subnet, access_of(body).subnetId)
    end)
  end)

  describe("with etags", function()
    local function put(headers)
      return azure:put(client.CLUSTER, client.managed(), headers)
    end

    local function refused(answer)
      assert.are.equal(412, answer.status)
      assert.are.equal("PreconditionFailed", answer.body.code)
    end

    it("is not created over what exists when If-None-Match says so", function()
      azure:create_group()
      assert.are.equal(201, put({ ["if-none-match"] = "*" }).status)
      refused(put { ["if-none-match"] = "*" })
    end)

    it("is not created by a change that If-Match is for", function()
      azure:create_group()
      refused(put { ["if-match"] = "*" })
      refused(put { ["if-match"] = "x" })
      assert.are.equal(201, put({ ["if-match"] = "" }).status)
    end)

    it("is changed over the etag that was read, once", function()
      local etag = create().eTag
      assert.are.equal(200, put({ ["if-match"] = etag }).status)
      refused(put { ["if-match"] = etag })
    end)

    it("refuses both headers together", function()
      create()
      local answer = put { ["if-match"] = "x", ["if-none-match"] = "*" }
      assert.are.equal(400, answer.status)
      assert.are.equal("BadRequest", answer.body.code)
    end)

    it("is deleted only over the etag that was named", function()
      local etag = create().eTag
      refused(azure:delete(client.CLUSTER, nil, { ["if-match"] = "x" }))
      assert.are.equal(202, azure:delete(client.CLUSTER, nil, { ["if-match"] = etag }).status)
    end)
  end)

  describe("in its power", function()
    it("stops and starts, with both headers", function()
      create()
      local answer = azure:post(client.CLUSTER .. "/stop")
      assert.are.equal(202, answer.status)
      assert.is_string(answer.headers.location)
      assert.are.equal("Stopping", azure:get(client.CLUSTER).body.properties.provisioningState)
      azure:wait(answer)
      local stopped = azure:get(client.CLUSTER).body.properties
      assert.are.equal("Stopped", stopped.powerState.code)
      assert.are.equal("Succeeded", stopped.provisioningState)
      assert.are.equal("Stopped", stopped.agentPoolProfiles[1].powerState.code)
      azure:wait(azure:post(client.CLUSTER .. "/start"))
      assert.are.equal("Running", azure:get(client.CLUSTER).body.properties.powerState.code)
    end)

    it("allows only start and delete while it is stopped", function()
      create()
      azure:wait(azure:post(client.CLUSTER .. "/stop"))
      assert.are.equal(400, azure:post(client.CLUSTER .. "/stop").status)
      assert.are.equal("OperationNotAllowed", azure:put(client.CLUSTER, client.managed()).body.code)
      assert.are.equal(202, azure:delete(client.CLUSTER).status)
    end)
  end)

  describe("that is aborted", function()
    it("is Canceled with its pools, and can be put again", function()
      azure:create_group()
      local creation = azure:put(client.CLUSTER, client.managed())
      local answer = azure:post((client.CLUSTER:gsub("managedClusters", "managedclusters")) .. "/abort")
      assert.are.equal(202, answer.status)
      assert.are.equal("Creating", answer.body.properties.provisioningState)
      azure:wait(answer)
      assert.are.equal(204, azure:get(answer.headers.location).status)
      local properties = azure:get(client.CLUSTER).body.properties
      assert.are.equal("Canceled", properties.provisioningState)
      assert.are.equal("Canceled", properties.agentPoolProfiles[1].provisioningState)
      local operation = azure:get(creation.headers["azure-asyncoperation"]).body
      assert.are.equal("Canceled", operation.status)
      assert.are.equal("Operation is being canceled by user", operation.error.message)
      azure:wait(azure:put(client.CLUSTER, client.managed()))
      assert.are.equal("Succeeded", azure:get(client.CLUSTER).body.properties.provisioningState)
    end)

    it("without anything going on refuses", function()
      create()
      assert.are.equal(409, azure:post(client.CLUSTER .. "/abort").status)
    end)
  end)

  describe("gives credentials", function()
    local function kubeconfig(call, query)
      local answer = azure:post(client.CLUSTER .. "/" .. call .. "?api-version=2025-05-01" .. (query or ""))
      assert.are.equal(200, answer.status, answer.text)
      return mime.unb64(answer.body.kubeconfigs[1].value), answer.body.kubeconfigs[1].name
    end

    it("for a local user and an administrator", function()
      local body = create()
      local text, name = kubeconfig("listClusterUserCredential")
      assert.are.equal("clusterUser", name)
      assert.matches("server: https://" .. body.properties.fqdn .. ":443", text, 1, true)
      assert.matches("user: clusterUser_demo_demo", text, 1, true)
      assert.matches("client%-key%-data: %w+", text)
      text, name = kubeconfig("listClusterAdminCredential")
      assert.are.equal("clusterAdmin", name)
      assert.matches("name: clusterAdmin_demo_demo", text, 1, true)
    end)

    it("with the private name of a private cluster, unless the public one is asked for", function()
      local body = create { enableVnetIntegration = true, enablePrivateCluster = true }
      assert.matches("https://" .. body.properties.privateFQDN .. ":443", kubeconfig("listClusterUserCredential"), 1,
        true)
      assert.matches("https://" .. body.properties.fqdn .. ":443",
        kubeconfig("listClusterUserCredential", "&server-fqdn=public"), 1, true)
    end)

    it("by kubelogin for Entra, and no static ones when local accounts are disabled", function()
      azure:create_group()
      local body = client.managed()
      body.properties.aadProfile, body.properties.disableLocalAccounts = { managed = true }, true
      azure:create(client.CLUSTER, body)
      assert.matches("command: kubelogin", kubeconfig("listClusterUserCredential"), 1, true)
      local answer = azure:post(client.CLUSTER .. "/listClusterAdminCredential")
      assert.are.equal(400, answer.status)
      assert.matches("Getting static credential is not allowed", answer.body.message)
    end)
  end)

  describe("that is deleted", function()
    it("lets go of its subnets and its node resource group", function()
      azure:create_network()
      azure:create(client.CLUSTER, azure:brought())
      local answer = azure:delete(client.CLUSTER)
      assert.are.equal("Deleting", azure:get(client.CLUSTER).body.properties.provisioningState)
      azure:wait(answer)
      assert.are.equal(404, azure:get(client.CLUSTER).status)
      assert.are.equal(204, azure:delete(client.CLUSTER).status)
      assert.are.equal(404, azure:get("/resourceGroups/MC_demo_demo_westus2").status)
      local subnet = azure:get(client.APISERVER).body.properties
      assert.is_nil(subnet.ipConfigurations)
      assert.is_nil(subnet.serviceAssociationLinks)
      azure:wait(azure:delete(client.APISERVER))
    end)

    it("wins over what is going on", function()
      azure:create_group()
      local creation = azure:put(client.CLUSTER, client.managed())
      local answer = azure:delete(client.CLUSTER)
      assert.are.equal(202, answer.status)
      azure:wait(answer)
      assert.are.equal("AKSOperationPreemptedByDelete",
        azure:get(creation.headers["azure-asyncoperation"]).body.error.code)
    end)

    it("leaves its service link behind when the simulator is asked for that", function()
      azure:stop()
      azure = client.start { orphan_links = true }
      azure:create_network()
      azure:create(client.CLUSTER, azure:brought())
      azure:wait(azure:delete(client.CLUSTER))
      assert.are.equal("InUseSubnetCannotBeDeleted", azure:delete(client.APISERVER).body.error.code)
    end)
  end)

  it("is seeded as it stands", function()
    azure.sim:put(azure.root .. client.VNET, { location = "westus2", properties = {
      addressSpace = { addressPrefixes = { "10.0.0.0/8" } },
      subnets = { { name = "nodes", properties = { addressPrefix = "10.1.0.0/16" } } } } })
    azure.sim:put(azure.root .. client.CLUSTER, { location = "westus2", tags = { a = "1" }, properties = {
      provisioningState = "Failed", fqdn = "old.example",
      agentPoolProfiles = { { name = "nodepool1", mode = "System", count = 2, vnetSubnetID = azure.root
        .. client.NODES } } } })
    local body = azure:get(client.CLUSTER).body
    assert.are.equal("Failed", body.properties.provisioningState)
    assert.are.equal("old.example", body.properties.fqdn)
    assert.are.same({ a = "1" }, body.tags)
    assert.are.equal("10.1.0.0/16", azure:get(client.NODES).body.properties.addressPrefix)
    assert.is_string(json.encode(azure.sim:export()[azure.root .. client.CLUSTER]))
  end)
end)

describe("an agent pool", function()
  local POOL = client.CLUSTER .. "/agentPools/work"

  before_each(function()
    azure = client.start()
    azure:create_group()
    azure:create(client.CLUSTER, client.managed())
  end)
  after_each(function()
    azure:stop()
  end)

  local function body(properties)
    return { properties = properties or { mode = "User", count = 2, vmSize = "Standard_D2s_v3" } }
  end

  it("is added, changed and removed by itself", function()
    local answer = azure:put(POOL, body())
    assert.are.equal(201, answer.status)
    assert.are.equal("Creating", answer.body.properties.provisioningState)
    azure:wait(answer)
    assert.are.equal("Succeeded", azure:get(POOL).body.properties.provisioningState)
    assert.are.equal(2, #azure:get(client.CLUSTER).body.properties.agentPoolProfiles)
    assert.are.equal(2, #azure:get(client.CLUSTER .. "/agentPools").body.value)
    answer = azure:put(POOL, body { count = 4 })
    assert.are.equal(200, answer.status)
    azure:wait(answer)
    assert.are.equal(4, azure:get(POOL).body.properties.count)
    azure:wait(azure:delete(POOL))
    assert.are.equal(404, azure:get(POOL).status)
  end)

  it("keeps the cluster from changing while it does, but not the other pools", function()
    azure:put(POOL, body())
    assert.are.equal(409, azure:put(client.CLUSTER, client.managed()).status)
    assert.are.equal(201, azure:put(client.CLUSTER .. "/agentPools/more", body()).status)
    assert.are.equal(409, azure:put(POOL, body()).status)
  end)

  it("waits for what the cluster does", function()
    azure:put(client.CLUSTER, client.managed())
    assert.are.equal(409, azure:put(POOL, body()).status)
    assert.are.equal(409, azure:delete(client.CLUSTER .. "/agentPools/nodepool1").status)
  end)

  it("keeps the cluster's etag, and has one of its own", function()
    local before = azure:get(client.CLUSTER).body.eTag
    azure:wait(azure:put(POOL, body()))
    assert.are.equal(before, azure:get(client.CLUSTER).body.eTag)
    assert.are.equal(412, azure:put(POOL, body(), { ["if-match"] = "x" }).status)
    assert.are.equal(200, azure:put(POOL, body(), { ["if-match"] = azure:get(POOL).body.properties.eTag }).status)
  end)

  it("gets a newer node image when asked to", function()
    local path = client.CLUSTER .. "/agentPools/nodepool1"
    local before = azure:get(path).body.properties.nodeImageVersion
    local answer = azure:post(path .. "/upgradeNodeImageVersion")
    assert.are.equal(202, answer.status)
    assert.are.equal("UpgradingNodeImageVersion", answer.body.properties.provisioningState)
    azure:wait(answer)
    assert.are_not.equal(before, azure:get(path).body.properties.nodeImageVersion)
  end)

  it("that is the last system pool stays", function()
    assert.are.equal(400, azure:delete(client.CLUSTER .. "/agentPools/nodepool1").status)
  end)

  it("is refused for bad names, unknown members and what never changes", function()
    assert.are.equal("InvalidParameter", azure:put(client.CLUSTER .. "/agentPools/Bad-Name", body()).body.code)
    assert.are.equal("UnmarshalError", azure:put(POOL, body { size = 1 }).body.code)
    azure:wait(azure:put(POOL, body()))
    local answer = azure:put(POOL, body { vmSize = "Standard_D8s_v3" })
    assert.are.equal("PropertyChangeNotAllowed", answer.body.code)
  end)
end)
