/* Findings as Lua sees them: a list of tables, whose tostring is a report for people; and the table of rules. */
#ifndef AKS_LUA_FINDINGS_H
#define AKS_LUA_FINDINGS_H

#include <lua.h>

#include "lua/operation.h"

void aks_open_findings(lua_State *L);

/* Result of the operation "check". */
aks_lua_result aks_result_findings;

/* rules() -> list of { code, severity, preflight, rule, why, remedy, source }, in the order of the table. */
int aks_rules_push(lua_State *L);

#endif
