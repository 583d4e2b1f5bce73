-- The resources of the simulated subscription, by id without regard to case.
local store = {}
store.__index = store

function store.new()
  return setmetatable({ records = {} }, store)
end

local function key_of(id)
  return (id:lower():gsub("/+$", ""))
end

function store:get(id)
  return self.records[key_of(id)]
end

--- Keeps a record: { id =, type =, document =, and what its provider needs }.
function store:put(id, record)
  self.records[key_of(id)] = record
  return record
end

function store:delete(id)
  self.records[key_of(id)] = nil
end

--- The records whose ids lie below a prefix, in the order of their ids.
function store:below(prefix)
  local start, found = key_of(prefix) .. "/", {}
  for key, record in pairs(self.records) do
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

--- The records of a type below a prefix.
function store:of_type(prefix, resource_type)
  local found = {}
  for _, record in ipairs(self:below(prefix)) do
    if record.type:lower() == resource_type:lower() then
      found[#found + 1] = record
    end
  end
  return found
end

return store
