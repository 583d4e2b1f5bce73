-- aks check FILE: runs a playbook with clients that change nothing, and reports what speaks against it: all that can be
-- known before about what would be created and converted.
local failure = require "aks.cli.failure"
local playbook = require "aks.cli.playbook"
local result = require "aks.cli.result"

local check = {}

function check.add_to_parser(parser)
  local command = parser:command("check", "Check what a playbook would do, by reads alone: nothing is changed."
    .. " Exit status 1 when something speaks against it."):summary("Check a playbook without changing anything.")
  playbook.add_to_command(command)
  command:option("--output", "How to print what is found."):choices { "text", "json" }:default("text")
end

local function add_all(findings, found)
  for _, finding in ipairs(found or {}) do
    findings[#findings + 1] = finding
  end
end

-- What a playbook does with what it would have made may not work while nothing is made: it ends there.
local function note_end(findings, problem)
  if type(problem) == "string" or not problem.findings then
    findings[#findings + 1] = { code = "check_incomplete", severity = "warning",
      message = "the playbook was not checked any further: " .. tostring(problem) }
    return
  end
  add_all(findings, problem.findings)
end

local function collect(arguments)
  local findings = {}
  local watcher <close> = playbook.watch(arguments)
  require("aks.settings").observe(function(event)
    add_all(findings, event.findings)
  end)
  local ok, problem = pcall(playbook.load(arguments, watcher), table.unpack(arguments.args))
  if not ok and failure.is_interrupt(problem) then
    error(problem, 0)
  elseif not ok then
    note_end(findings, problem)
  end
  return findings
end

local function counts(findings)
  local numbers = { error = 0, warning = 0, info = 0 }
  for _, finding in ipairs(findings) do
    numbers[finding.severity] = numbers[finding.severity] + 1
  end
  return numbers
end

local function counted(number, noun)
  return ("%d %s%s"):format(number, noun, number == 1 and "" or "s")
end

--- The report for a person: a paragraph for each finding, and how many there are.
function check.report(findings)
  local lines = {}
  for _, finding in ipairs(findings) do
    local subject = finding.resource and finding.resource .. ": " or ""
    lines[#lines + 1] = ("%s %s: %s%s"):format(finding.severity, finding.code, subject, finding.message)
    if finding.remedy then
      lines[#lines + 1] = "    " .. finding.remedy
    end
  end
  local numbers = counts(findings)
  lines[#lines + 1] = counted(numbers.error, "error") .. ", " .. counted(numbers.warning, "warning")
  if numbers.error > 0 then
    lines[#lines + 1] = "'aks explain CODE' tells the rule, why it is, and where it comes from."
  end
  return table.concat(lines, "\n")
end

function check.run(arguments)
  playbook.check_arguments(arguments)
  local scratch <close> = playbook.scratch_directory()
  local _ <close> = playbook.choose_azure(arguments, scratch.path, { check_only = true })
  local findings = collect(arguments)
  if arguments.output == "json" then
    print(result.json(setmetatable(findings, { __jsontype = "array" })))
  else
    print(check.report(findings))
  end
  if counts(findings).error > 0 then
    failure.quietly()
  end
end

return check
