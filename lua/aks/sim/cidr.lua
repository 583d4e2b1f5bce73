-- IPv4 prefixes, as far as the simulated providers look at them.
local cidr = {}

local function address(text)
  local bytes = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  local value = 0
  for _, byte in ipairs(bytes) do
    if tonumber(byte) > 255 then
      return nil
    end
    value = value << 8 | tonumber(byte)
  end
  return #bytes == 4 and value or nil
end

cidr.address = address

--- { first =, last =, length = } of "172.19.0.0/16"; nil when it is none, or has host bits.
function cidr.parse(text)
  local head, length = tostring(text):match("^([%d%.]+)/(%d+)$")
  local first = head and address(head)
  length = tonumber(length)
  if not first or length > 32 then
    return nil
  end
  local size = 1 << (32 - length)
  if first % size ~= 0 then
    return nil
  end
  return { first = first, last = first + size - 1, length = length, size = size }
end

function cidr.contains(outer, inner)
  return outer.first <= inner.first and inner.last <= outer.last
end

function cidr.overlap(a, b)
  return a.first <= b.last and b.first <= a.last
end

--- The text of the n-th address of a prefix, from 0.
function cidr.nth(prefix, n)
  local value = prefix.first + n
  return ("%d.%d.%d.%d"):format(value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255)
end

return cidr
