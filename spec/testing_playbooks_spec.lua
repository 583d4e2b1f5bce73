-- The example of doc/testing-playbooks.md is run as it stands.
describe("doc/testing-playbooks.md", function()
  it("has an example that works", function()
    local text = assert(io.open("doc/testing-playbooks.md")):read("a")
    local example = assert(text:match("```lua\n(.-)```"))
    local directory = io.popen("mktemp -d"):read("l")
    local file = assert(io.open(directory .. "/playbook_spec.lua", "w"))
    file:write(example)
    file:close()
    local pipe = io.popen(("cd %s && LUA_PATH='%s' LUA_CPATH='%s' %s \"$(command -v busted)\" --output=plainTerminal "
      .. "playbook_spec.lua 2>&1"):format(directory, package.path:gsub("%./", os.getenv("PWD") .. "/"), package.cpath,
        arg and arg[-1] or "lua5.4"))
    local output = pipe:read("a")
    pipe:close()
    os.execute("rm -rf " .. directory)
    assert.matches("5 successes / 0 failures / 0 errors", output)
  end)
end)
