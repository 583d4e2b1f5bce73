-- What progress shows for the events of operations: plain lines, and live lines on a terminal of our making.
local lines = require "aks.progress.lines"
local live = require "aks.progress.live"
local progress = require "aks.progress"
local terminal = require "aks.terminal"

local function event(values)
  local whole = { kind = "operation", id = 1, operation = "create", resource = "cluster 'demo'", status = "running" }
  for name, value in pairs(values) do
    whole[name] = value
  end
  return whole
end

local function request(values)
  local whole = { kind = "request", method = "GET", url = "https://azure/x", http_status = 200, seconds = 0.25 }
  for name, value in pairs(values) do
    whole[name] = value
  end
  return whole
end

local written, watcher, now

local function write(text)
  written[#written + 1] = text
end

-- Feeds the events; returns all that was written for them.
local function after(...)
  written = {}
  for _, one in ipairs { ... } do
    watcher:observe(one)
  end
  return table.concat(written)
end

local function clock()
  return now
end

before_each(function()
  written, now = {}, 1000
end)

describe("durations", function()
  for seconds, text in pairs { [0.2] = "0 s", [12.4] = "12 s", [72] = "1 min 12 s", [3780] = "1 h 3 min" } do
    it(("of %s seconds are told as %s"):format(seconds, text), function()
      assert.are.equal(text, progress.duration(seconds))
    end)
  end
end)

describe("progress in plain lines", function()
  before_each(function()
    watcher = progress.new(lines.new(write), { clock = clock })
  end)

  it("has a line when an operation begins, changes and ends", function()
    local text = after(
      event { step = "read" },
      event { step = "wait for Azure", detail = "ReconcilingDNS", seconds = 12 },
      event { step = "wait for Azure", detail = "ReconcilingDNS", seconds = 20 },
      event { status = "succeeded", seconds = 61 })
    assert.are.equal("cluster 'demo': create: read\n"
      .. "cluster 'demo': create: ReconcilingDNS (12 s)\n"
      .. "cluster 'demo': create: succeeded (1 min 1 s)\n", text)
  end)

  it("says why an operation failed", function()
    local text = after(event {}, event { status = "failed", seconds = 3, error = { code = "SubnetIsDelegated" } })
    assert.matches("cluster 'demo': create: failed: SubnetIsDelegated (3 s)\n", text, 1, true)
  end)

  it("does not speak of reads that go well", function()
    assert.are.equal("", after(event { operation = "read" }, event { operation = "read", status = "succeeded" }))
  end)

  it("keeps operations apart by their id", function()
    local text = after(event {}, event { id = 2, resource = "vnet 'x'" }, event { status = "succeeded" })
    assert.matches("vnet 'x': create: begins\ncluster 'demo': create: succeeded", text, 1, true)
  end)

  it("lets nothing that Azure says move the cursor", function()
    assert.not_matches("\27", after(event { detail = "\27[2J\r\n" }), 1, true)
  end)

  it("does not speak of requests", function()
    assert.are.equal("", after(request {}))
  end)
end)

describe("progress at the level", function()
  it("quiet says nothing", function()
    watcher = progress.new(lines.new(write), { level = "quiet" })
    assert.are.equal("", after(event {}, event { status = "failed", error = { code = "x" } }, request {}))
  end)

  it("requests tells each answer and each retry", function()
    watcher = progress.new(lines.new(write), { level = "requests" })
    local text = after(request {}, request { kind = "retry", http_status = 429, attempt = 2, seconds = 3 })
    assert.are.equal("GET https://azure/x: HTTP 200 (0.25 s)\n"
      .. "GET https://azure/x: again in 3.0 s (HTTP 429, try 2)\n", text)
  end)
end)

describe("live progress", function()
  local screen

  local function begin(values)
    screen = { live = true, colour = false, unicode = true, rows = 24, columns = 60 }
    for name, value in pairs(values or {}) do
      screen[name] = value
    end
    watcher = progress.new(live.new(write, screen), { clock = clock })
  end

  -- What is to be seen of a text: without the sequences that steer the terminal.
  local function visible(text)
    return (text:gsub("\27%[[?%d;]*%a", ""):gsub("\r", ""))
  end

  it("draws a line again in place", function()
    begin()
    after(event { step = "read" })
    local text = after(event { step = "wait for Azure", detail = "Creating", seconds = 2 })
    assert.matches("\27[1A\r\27[J", text, 1, true)
    assert.are.equal("⠋ cluster 'demo': create: Creating  2 s\n", visible(text))
  end)

  it("leaves the line of what is over, above what is still under way", function()
    begin()
    after(event {}, event { id = 2, resource = "vnet 'x'" })
    local text = after(event { status = "succeeded", seconds = 5 })
    assert.are.equal("✓ cluster 'demo': create  5 s\n⠋ vnet 'x': create  0 s\n", visible(text))
    assert.matches("\27[1A\r\27[J", after(event { id = 2, status = "succeeded" }), 1, true)
  end)

  it("marks a failure with its code", function()
    begin()
    after(event {})
    local text = after(event { status = "failed", seconds = 5, error = { code = "SubnetIsDelegated" } })
    assert.are.equal("✗ cluster 'demo': create: SubnetIsDelegated  5 s\n", visible(text))
  end)

  it("shows a read while it goes on and leaves nothing of it", function()
    begin()
    assert.matches("read", after(event { operation = "read" }), 1, true)
    assert.are.equal("", visible(after(event { operation = "read", status = "succeeded" })))
  end)

  it("cuts a line to the terminal's width, but not its time", function()
    begin { columns = 30 }
    local text = visible(after(event { step = "wait for Azure, which takes its time", seconds = 100 }))
    assert.are.equal("⠋ cluster 'demo'…  1 min 40 s\n", text)
    assert.is_true(utf8.len(text) - 1 <= 30)
  end)

  it("shows no more lines than the terminal has", function()
    begin { rows = 5 }
    for id = 1, 9 do
      after(event { id = id })
    end
    local text = visible(after(event { id = 10 }))
    assert.are.equal(3, select(2, text:gsub("\n", "")))
    assert.matches("… and 8 more", text, 1, true)
  end)

  it("uses plain characters without UTF-8", function()
    begin { unicode = false }
    assert.not_matches("[\128-\255]", after(event {}, event { status = "succeeded" }))
  end)

  it("has colours only where they are wanted", function()
    begin()
    assert.not_matches("\27%[%d*m", after(event {}, event { status = "succeeded" }))
    begin { colour = true }
    assert.matches("\27%[32m", after(event {}, event { status = "succeeded" }))
  end)

  it("goes on counting while no event comes, until nothing is under way", function()
    begin()
    after(event {})
    written, now = {}, 1042
    assert.is_true(watcher:tick())
    assert.matches("42 s", written[1], 1, true)
    after(event { status = "succeeded", seconds = 42 })
    assert.is_false(watcher:tick())
  end)

  it("makes room for what the playbook prints", function()
    begin()
    after(event {})
    written = {}
    watcher:aside(write, "printed\n")
    assert.are.equal("printed\n⠙ cluster 'demo': create  0 s\n", visible(table.concat(written)))
  end)

  it("takes its lines back when it is closed", function()
    begin()
    after(event {})
    written = {}
    watcher:close()
    assert.are.equal("\27[1A\r\27[J", table.concat(written))
    assert.are.equal("", after(event { id = 2 }))
  end)
end)

describe("a terminal", function()
  it("is not what a file is", function()
    local file <close> = assert(io.tmpfile())
    local found = terminal.inspect(file)
    assert.is_false(found.live)
    assert.is_false(found.colour)
  end)

  it("has the characters that the locale says", function()
    local file <close> = assert(io.tmpfile())
    local function with(variables)
      return terminal.inspect(file, false, function(name)
        return variables[name]
      end).unicode
    end
    assert.is_true(with { LANG = "de_DE.UTF-8" })
    assert.is_true(with { LC_ALL = "", LC_CTYPE = "C.utf8", LANG = "C" })
    assert.is_false(with { LC_ALL = "C", LANG = "de_DE.UTF-8" })
    assert.is_false(with {})
  end)
end)
