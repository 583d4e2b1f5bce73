/* Who a client is signed in as. */
#ifndef AKS_LUA_IDENTITY_REPORT_H
#define AKS_LUA_IDENTITY_REPORT_H

#include <lua.h>

struct aks_identity_report;

/* client:identity_report(): asks for a token, and returns a table of what is known of it. */
int aks_client_identity_report(lua_State *L);

/* The client closes: whoever waits for a report is told so. */
void aks_identity_reports_cancel(struct aks_identity_report **list);

#endif
