-- What the place where progress is written can do: whether it is a terminal, its size, colours, characters.

local terminal = {}

local DEFAULT_COLUMNS, DEFAULT_ROWS = 80, 24

local function is_terminal(stream)
  local found, term = pcall(require, "term") -- without lua-term nothing is a terminal
  return found and term.isatty(stream)
end

local function is_utf8(getenv)
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = getenv(name)
    if value and value ~= "" then
      return value:lower():find("utf%-?8") ~= nil
    end
  end
  return false
end

local function size(getenv)
  local pipe = io.popen("stty size 2>/dev/null </dev/tty")
  local answer = pipe and pipe:read("a") or ""
  if pipe then
    pipe:close()
  end
  local rows, columns = answer:match("(%d+) (%d+)")
  rows = tonumber(rows or getenv("LINES")) or DEFAULT_ROWS
  columns = tonumber(columns or getenv("COLUMNS")) or DEFAULT_COLUMNS
  return rows > 0 and rows or DEFAULT_ROWS, columns > 0 and columns or DEFAULT_COLUMNS
end

--- What `stream` can do: { live, colour, unicode, rows, columns }. `getenv` stands in for os.getenv in specs.
---@param stream file*
---@param no_colour boolean? the user wants none
---@param getenv (fun(name: string): string?)?
function terminal.inspect(stream, no_colour, getenv)
  getenv = getenv or os.getenv
  local live = is_terminal(stream) and getenv("TERM") ~= "dumb"
  local unwanted = no_colour or (getenv("NO_COLOR") or "") ~= "" -- https://no-color.org
  local rows, columns
  if live then
    rows, columns = size(getenv)
  end
  return {
    live = live,
    colour = live and not unwanted,
    unicode = is_utf8(getenv),
    rows = rows or DEFAULT_ROWS,
    columns = columns or DEFAULT_COLUMNS,
  }
end

return terminal
