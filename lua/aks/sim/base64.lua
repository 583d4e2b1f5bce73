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

return base64
