-- Base64 of RFC 4648, in the ordinary alphabet and in that for URLs (without padding).
local base64 = {}

local ordinary = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function base64.encode(bytes)
  local parts = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for place = 0, 3 do
      local known = place < 2 or (place == 2 and b) or (place == 3 and c)
      local index = (bits >> (18 - 6 * place) & 63) + 1
      parts[#parts + 1] = known and ordinary:sub(index, index) or "="
    end
  end
  return table.concat(parts)
end

function base64.encode_url(bytes)
  return (base64.encode(bytes):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

local values = {}
for index = 1, #ordinary do
  values[ordinary:byte(index)] = index - 1
end
values[("-"):byte()], values[("_"):byte()] = 62, 63

--- The bytes that a text in either alphabet stands for; nil when it is not base64.
function base64.decode(text)
  local digits = text:gsub("=*$", "")
  local parts, bits, count = {}, 0, 0
  for index = 1, #digits do
    local value = values[digits:byte(index)]
    if not value then
      return nil
    end
    bits, count = (bits << 6 | value) & 0xffff, count + 6
    if count >= 8 then
      count = count - 8
      parts[#parts + 1] = string.char(bits >> count & 0xff)
    end
  end
  return #digits % 4 ~= 1 and table.concat(parts) or nil
end

return base64
