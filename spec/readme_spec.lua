-- The README shows what is there: its playbook is the one that the demo runs.
local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

describe("the README", function()
  it("shows the playbook that the demo runs", function()
    local shown = read("README.md"):match("```lua\n(.-)```")
    local playbook = read("playbooks/byo-private.lua"):gsub("^%-%-[^\n]*\n", "") -- less its first comment
    assert.are.equal(playbook, shown)
  end)

  it("names only files that are there", function()
    for path in read("README.md"):gmatch("[%s`(]([%w]+/[%w%-/]+%.%l+)") do
      assert.is_truthy(io.open(path), path)
    end
  end)
end)
