-- The Azure SDK for JavaScript, unmodified, does the whole job in a simulated Azure: spec/clients/sdk/job.mjs.
local json = require "dkjson"
local sim = require "aks.sim"

local FOLDER = "spec/clients/sdk"

-- Where its packages are: beside the script, or where AKS_CLIENTS says (script/test installs them outside the tree).
local function packages()
  for _, place in ipairs { os.getenv("AKS_CLIENTS") or FOLDER, FOLDER } do
    local file = io.open(place .. "/node_modules/@azure/arm-containerservice/package.json")
    if file then
      file:close()
      return place
    end
  end
end

local place = os.execute("command -v node >/dev/null") and packages()

if not place then
  it("the Azure SDK for JavaScript in a simulated Azure", function()
    pending("skipped: Node.js or the packages of " .. FOLDER .. "/package.json are not installed")
  end)
  return
end

-- Runs the script; returns step -> what it came to, and the steps in their order.
local function run(simulator)
  local variables = {
    NODE_EXTRA_CA_CERTS = simulator.ca_file, AKS_ENDPOINT = simulator.endpoint, LD_PRELOAD = "",
    AZURE_SUBSCRIPTION_ID = simulator.subscription, AZURE_TENANT_ID = simulator.tenant,
    AZURE_CLIENT_ID = simulator.client_id, AZURE_CLIENT_SECRET = simulator.client_secret,
  }
  local words = {}
  for name, value in pairs(variables) do
    words[#words + 1] = ("%s='%s'"):format(name, value)
  end
  if place ~= FOLDER then -- Node.js looks for packages above the script
    os.execute(("cp %s/*.mjs %s/package.json '%s'"):format(FOLDER, FOLDER, place))
  end
  local pipe = assert(io.popen(("env %s timeout 300 node '%s/job.mjs' 2>&1"):format(table.concat(words, " "), place)))
  local outcomes, order = {}, {}
  for line in pipe:lines() do
    local outcome = assert(json.decode(line), line)
    outcomes[outcome.step], order[#order + 1] = outcome, outcome.step
  end
  assert(pipe:close(), "job.mjs failed")
  return outcomes, order
end

describe("the Azure SDK for JavaScript in a simulated Azure", function()
  local simulator, outcomes, order, scratch

  setup(function()
    scratch = os.tmpname()
    os.remove(scratch)
    simulator = sim.start { tls = true, certificates = scratch, page_size = 2 }
    outcomes, order = run(simulator)
  end)
  teardown(function()
    simulator:stop()
    os.execute("rm -rf " .. scratch)
  end)

  local function value(step)
    local outcome = assert(outcomes[step], "there is no step " .. step)
    assert(outcome.ok, ("%s: %s %s"):format(step, tostring(outcome.code), tostring(outcome.message)))
    return outcome.value
  end

  -- Steps that are refused: whose error the SDK must understand.
  local refused = {
    ["cluster etag refused"] = { 412, "PreconditionFailed" },
    ["cluster integration is one-way"] = { 400, "PropertyChangeNotAllowed" },
    ["subnet in use"] = { 400, "InUseSubnetCannotBeDeleted" },
    ["vnet show absent"] = { 404, "ResourceNotFound" },
  }

  it("succeeds at every step", function()
    assert.is_true(#order >= 50)
    for _, step in ipairs(order) do
      if not refused[step] then
        value(step)
      end
    end
  end)

  it("understands refusals in both of their shapes", function()
    for step, expected in pairs(refused) do
      assert.are.same(expected, { outcomes[step].status, outcomes[step].code }, step)
    end
  end)

  it("creates the four kinds of clusters", function()
    for name, private in pairs { ["managed-public"] = false, ["managed-private"] = true, ["byo-public"] = false,
      ["byo-private"] = true } do
      local cluster = value("cluster create " .. name)
      assert.are.equal("Succeeded", cluster.provisioningState)
      assert.is_true(cluster.apiServerAccessProfile.enableVnetIntegration)
      assert.are.equal(private, cluster.apiServerAccessProfile.enablePrivateCluster)
      assert.are.equal(name:find("^byo") ~= nil, cluster.apiServerAccessProfile.subnetId ~= "")
      assert.are.equal(private, cluster.privateFQDN ~= nil)
    end
  end)

  it("converts a cluster, restarts it, and makes it private and public again", function()
    assert.is_true(value("cluster convert plain").enableVnetIntegration)
    assert.are.equal("Stopped", value("cluster stopped"))
    assert.is_true(value("cluster enable private").enablePrivateCluster)
    assert.is_false(value("cluster disable private").enablePrivateCluster)
  end)

  it("follows the pages of lists", function()
    assert.are.same({ "byo-private", "managed-private", "managed-public", "plain" }, value("cluster list"))
    assert.are.same({ "byo-private", "managed-private", "managed-public", "plain" }, value("resources list"))
  end)

  it("follows a command to its result", function()
    assert.are.equal(0, value("run command").exitCode)
    assert.matches("aks-nodepool1-vmss000000", value("run command").logs, 1, true)
  end)

  it("leaves nothing behind", function()
    assert.is_false(value("group gone"))
    assert.are.same({}, simulator:export())
  end)
end)
