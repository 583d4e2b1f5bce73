-- luacheck: Lua 5.4, no globals; busted's words in the specs.
std = "lua54"
max_line_length = 120
files["spec/**/*.lua"] = { std = "lua54+busted" }
