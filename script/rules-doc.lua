-- Prints doc/rules.md: the table of rules as Markdown.
local core = require "aks.core"

print [[
# The rules

What is checked before anything is changed. Generated from `module/rules/rule.c` by `script/rules-doc`; `aks explain
CODE` tells the same. *Declared*: known from the spec alone, told by constructors and before any request. *Read*: found
by reads, by `:check()`, by `aks check`, and by `:create()` and `:convert()` before they change anything.

| Code | Severity | Known from | Rule | Why | What to do | Source |
|---|---|---|---|---|---|---|]]

local function cell(text)
  return text and text:gsub("|", "\\|") or ""
end

for _, rule in ipairs(core.rules()) do
  print(("| `%s` | %s | %s | %s | %s | %s | %s |"):format(rule.code, rule.severity,
    rule.preflight and "read" or "declared", cell(rule.rule), cell(rule.why), cell(rule.remedy),
    rule.source and ("[page](%s)"):format(rule.source) or ""))
end
