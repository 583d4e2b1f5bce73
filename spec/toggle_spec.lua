-- Turning private mode on and off: what changes, what stays, what is refused, what happens beside others at work.
local aks = require "aks"
local azure = require "spec.support.azure"

local simulator, client

local function start(options)
  simulator, client = azure.start(options, { poll_interval = 1 })
end

local function cluster(spec, name)
  local group = client:resource_group("demo", { location = "westus2" })
  group:create()
  return group:cluster(name or "demo", spec)
end

local function created(spec)
  local result = cluster(spec)
  result:create()
  return result
end

local function puts()
  return simulator:count { method = "PUT", path = "managedclusters" }
end

describe("the private mode of an integrated cluster", function()
  before_each(function()
    start()
  end)
  after_each(function()
    client:close()
    simulator:stop()
  end)

  it("is turned on, and a private name appears", function()
    local demo = created { vnet_integration = true }
    local result = demo:toggle { private = true }
    assert.is_true(result.changed)
    assert.is_true(result.private)
    assert.is_true(demo.private)
    assert.matches("%.private%.westus2%.azmk8s%.io$", result.appeared.private_fqdn)
    assert.are.equal(demo.private_fqdn, result.appeared.private_fqdn)
    assert.is_nil(result.gone.fqdn)
  end)

  it("is turned off, the private name goes, and its zone is told to stay behind", function()
    local demo = created { vnet_integration = true, private = true }
    local name = demo.private_fqdn
    local result = demo:toggle { private = false }
    assert.is_false(demo.private)
    assert.are.equal(name, result.gone.private_fqdn)
    assert.are.equal(name:match("^[^.]+%.(.*)$"), result.leftover_private_dns_zone)
  end)

  it("costs one read and no write when it is as wanted", function()
    local demo = created { vnet_integration = true, private = true }
    simulator:clear_log()
    local result = demo:toggle { private = true }
    assert.is_false(result.changed)
    assert.are.same({}, result.appeared)
    assert.are.same({}, result.gone)
    assert.are.equal(1, simulator:count { path = "managedclusters" })
    assert.are.equal(0, puts())
  end)

  it("is all that changes: nothing else of the spec is brought about, and nothing that was there is lost", function()
    created {
      vnet_integration = true, tags = { team = "a" }, node_count = 2,
      raw = { properties = { oidcIssuerProfile = { enabled = true } } },
    }
    local other = cluster { vnet_integration = true, node_count = 7, tags = { team = "b" } }
    other:toggle { private = true }
    assert.are.equal(2, other.node_count)
    assert.are.equal("a", other.tags.team)
    assert.is_true(other.state.properties.oidcIssuerProfile.enabled)
    assert.is_true(other.private)
  end)

  it("is written with the entity tag of what was read", function()
    local demo = created { vnet_integration = true }
    local etag = demo:get().eTag
    simulator:clear_log()
    demo:toggle { private = true }
    local put = simulator:requests({ method = "PUT" })[1]
    assert.are.equal(etag, put.headers["if-match"])
  end)

  it("takes authorised ranges away when it is turned on, and says which", function()
    local demo = created { vnet_integration = true, authorized_ip_ranges = { "203.0.113.0/24" } }
    local result = demo:toggle { private = true }
    assert.are.same({ "203.0.113.0/24" }, result.removed_authorized_ip_ranges)
    assert.is_nil(demo.state.properties.apiServerAccessProfile.authorizedIPRanges)
  end)

  it("is read again when somebody changed the cluster in between", function()
    local demo = created { vnet_integration = true }
    simulator:fault { method = "PUT", path = "managedclusters", count = 1, status = 412,
      body = { code = "PreconditionFailed", message = "The precondition given in the request headers is not met." } }
    demo:toggle { private = true }
    assert.is_true(demo.private)
    assert.are.equal(3, puts()) -- the creation, the one in vain, the one that counted
  end)

  it("waits for what is under way on the cluster", function()
    created { vnet_integration = true }
    local writer = cluster { vnet_integration = true, tags = { step = "1" } }
    local writing = writer:create { wait = false }
    while puts() < 2 do
      aks.loop:step(0.01)
    end
    local demo = cluster()
    demo:toggle { private = true }
    writing:wait()
    assert.is_true(demo.private)
    assert.are.equal("1", demo.tags.step)
  end)

  it("can be followed as an operation", function()
    local demo = created { vnet_integration = true }
    local operation = demo:toggle { private = true, wait = false }
    assert.are.equal("toggle", operation.name)
    assert.is_true(operation:wait().changed)
  end)

  it("is begun again after the client was killed in its middle, with one write in all", function()
    local demo = created { vnet_integration = true }
    local operation = demo:toggle { private = true, wait = false }
    while puts() < 2 do
      aks.loop:step(0.01)
    end
    operation:cancel()
    local result = cluster():toggle { private = true }
    assert.is_false(result.changed)
    assert.is_true(result.private)
    assert.are.equal(2, puts())
  end)

  describe("is refused", function()
    local function refused(subject, options)
      local before = puts()
      local err = azure.error_of(subject.toggle, subject, options)
      assert.are.equal(before, puts())
      return err
    end

    it("on a cluster without the integration", function()
      local err = refused(created { network_plugin = "azure" }, { private = true })
      assert.are.equal("not_integrated", err.code)
      assert.are.equal("toggle", err.operation)
      assert.matches("convert", err.hint)
    end)

    it("on a cluster that does not exist", function()
      assert.are.equal("ResourceNotFound", refused(cluster(), { private = true }).code)
    end)

    it("on a stopped cluster", function()
      local demo = created { vnet_integration = true }
      demo:stop()
      assert.are.equal("cluster_not_running", refused(demo, { private = true }).code)
    end)

    it("with a clear word when the options are wrong", function()
      local demo = cluster()
      local err = refused(demo, { privat = true })
      assert.are.equal(2, #err.findings)
      assert.matches("did you mean 'private'", tostring(err))
      assert.are.equal("field_required", refused(demo).code)
      assert.are.equal("type_mismatch", refused(demo, { private = "yes" }).code)
    end)
  end)
end)
