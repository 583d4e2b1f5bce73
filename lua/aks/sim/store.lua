-- The resources of the simulated subscription, by id without regard to case; by type; and by type and what they lie
-- in, so that looking into one group or network does not go through all others.
local store = {}
store.__index = store

function store.new()
  return setmetatable({ records = {}, by_type = {}, by_parent = {} }, store)
end

local function key_of(id)
  return (id:lower():gsub("/+$", ""))
end

-- What a resource lies in: a VNet for a subnet, a group for a VNet.
local function parent_of(key)
  return key:match("^(.*)/providers/[^/]+/[^/]+/[^/]+$") or key:match("^(.*)/[^/]+/[^/]+$") or ""
end

-- The list of an index under two names, made where it is missing.
local function list_in(index, first, second)
  index[first] = index[first] or {}
  index[first][second] = index[first][second] or {}
  return index[first][second]
end

function store:get(id)
  return self.records[key_of(id)]
end

--- Keeps a record: { id =, type =, document =, and what its provider needs }.
function store:put(id, record)
  local kind = record.type:lower()
  self.records[key_of(id)] = record
  self.by_type[kind] = self.by_type[kind] or {}
  self.by_type[kind][key_of(id)] = record
  list_in(self.by_parent, kind, parent_of(key_of(id)))[key_of(id)] = record
  return record
end

function store:delete(id)
  local record = self:get(id)
  if record then
    self.records[key_of(id)] = nil
    self.by_type[record.type:lower()][key_of(id)] = nil
    list_in(self.by_parent, record.type:lower(), parent_of(key_of(id)))[key_of(id)] = nil
  end
end

--- Removes a record and all that lie below it, such as role assignments.
function store:delete_tree(id)
  for _, record in ipairs(self:below(id)) do
    self:delete(record.id)
  end
  self:delete(id)
end

local function below(records, prefix)
  local start, found = key_of(prefix) .. "/", {}
  for key, record in pairs(records) do
    if key:sub(1, #start) == start then
      found[#found + 1] = { key = key, record = record }
    end
  end
  table.sort(found, function(a, b)
    return a.key < b.key
  end)
  for index, entry in ipairs(found) do
    found[index] = entry.record
  end
  return found
end

--- The records whose ids lie below a prefix, in the order of their ids.
function store:below(prefix)
  return below(self.records, prefix)
end

--- The records of a type below a prefix.
function store:of_type(prefix, resource_type)
  local kind = resource_type:lower()
  local siblings = (self.by_parent[kind] or {})[key_of(prefix)]
  if siblings and next(siblings) then -- a type lies in one kind of parent, so these are all
    return below(siblings, prefix)
  end
  return below(self.by_type[kind] or {}, prefix)
end

return store
