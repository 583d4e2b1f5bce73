-- Credentials of a cluster: fetched, shown, saved. (What saving does to a file is in kubeconfig_file_spec.lua.)
local aks = require "aks"
local azure = require "spec.support.azure"
local kubeconfig = require "aks.kubeconfig"
local support = require "spec.support.kubeconfig"

describe("the credentials of a cluster", function()
  local simulator, client, cluster, directory

  before_each(function()
    simulator, client = azure.start()
    directory = support.shell("mktemp -d")
    local group = client:resource_group("demo", { location = "westus2" })
    group:create()
    cluster = group:cluster("demo", { vnet_integration = true, private = true })
    cluster:create()
  end)
  after_each(function()
    client:close()
    simulator:stop()
    support.shell("rm -rf " .. directory)
  end)

  it("are saved into a kubeconfig", function()
    local credentials = cluster:credentials()
    local result = credentials:save(directory .. "/config")
    assert.are.equal("demo", result.context)
    local config = kubeconfig.parse(support.read(directory .. "/config"))
    assert.are.equal(("https://%s:443"):format(cluster.private_fqdn), config.clusters[1].cluster.server)
    assert.are.equal("clusterUser_demo_demo", config.users[1].name)
  end)

  it("show no secret unless they are asked for it", function()
    local credentials = cluster:credentials()
    assert.are.equal("kubeconfig of cluster 'demo'", tostring(credentials))
    assert.are.equal("demo", credentials.context)
    assert.matches("client%-key%-data", credentials.text)
    assert.is_string(kubeconfig.parse(cluster:kubeconfig()).users[1].user.token)
  end)

  it("are the administrator's on request, or name the public host", function()
    local admin = cluster:credentials { admin = true }
    assert.matches("clusterAdmin_demo_demo", admin.text)
    assert.are.equal("demo-admin", admin:save(directory .. "/config").context)
    assert.is_truthy(cluster:kubeconfig({ public_fqdn = true }):find(cluster.fqdn, 1, true))
    local request = simulator:requests({ path = "listclusterusercredential" })[1]
    assert.matches("server%-fqdn=public", request.url)
  end)

  it("raise what is wrong with the file", function()
    support.write(directory .. "/config", support.text("demo", { group = "demo" }))
    local credentials = cluster:credentials()
    local err = azure.error_of(credentials.save, credentials, directory .. "/config")
    assert.are.equal("kubeconfig_conflict", err.code)
    assert.matches("overwrite = true", err.hint)
    credentials:save(directory .. "/config", { overwrite = true })
  end)

  it("raise what is wrong with an option, and whether to try again", function()
    local credentials = cluster:credentials()
    local err = azure.error_of(credentials.save, credentials, directory .. "/config", { overwite = true })
    assert.are.equal("unknown_field", err.code)
    assert.are.equal("overwite", err.target)
    assert.is_false(err.retryable)
    support.write(directory .. "/config.lock", "")
    err = azure.error_of(credentials.save, credentials, directory .. "/config", { lock_timeout = 0 })
    assert.are.equal("file_failed", err.code)
    assert.is_true(err.retryable)
  end)

  it("are told how to be had when local accounts are disabled", function()
    local group = client:resource_group("demo")
    local other = group:cluster("other", { vnet_integration = true, disable_local_accounts = true,
      raw = { properties = { aadProfile = { managed = true } } } })
    other:create()
    local err = azure.error_of(other.credentials, other, { admin = true })
    assert.are.equal("BadRequest", err.code)
    assert.matches("kubelogin", err.hint)
    assert.matches("kubelogin", other:kubeconfig { format = "exec" })
  end)

  it("are refused with wrong options, and for a cluster that does not exist", function()
    assert.are.equal("value_not_allowed", azure.error_of(cluster.credentials, cluster, { format = "yaml" }).code)
    local absent = client:resource_group("demo"):cluster "absent"
    assert.are.equal("ResourceNotFound", azure.error_of(absent.credentials, absent).code)
    assert.is_true(aks.is_error(azure.error_of(absent.kubeconfig, absent)))
  end)
end)
