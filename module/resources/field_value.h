/* What the values of fields mean: for checking, comparing and writing them. */
#ifndef AKS_RESOURCES_FIELD_VALUE_H
#define AKS_RESOURCES_FIELD_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/attributes.h"
#include "resources/field.h"
#include "rules/cidr.h"

/* Lua's empty table is both an empty list and an empty object. */
bool aks_value_is_list(const json_t *value);
bool aks_value_is_table(const json_t *value);

/* An integer, or a real without a fraction: Lua's 6 / 2 is 3.0. */
AKS_CHECK bool aks_value_integer(const json_t *value, long long *number);

/* A prefix as the field takes it (see AKS_FIELD_HOSTS). */
enum aks_cidr_fault aks_value_cidr(const struct aks_field *field, const char *text, struct aks_cidr *prefix);

#define AKS_VALUE_LOCATION_SIZE 64 /* with the NUL; a longer text is no region */

/* New text of a region in its short form: "West US 2" is "westus2". NULL for want of memory. */
json_t *aks_value_location(const char *text);

/* The name under which `name` stands in the object: itself, or with `fold` one that differs in case alone; NULL when
   there is none. Borrowed from the object. */
const char *aks_value_key(const json_t *object, const char *name, bool fold);

/* A value as messages show it: on one line, and cut. */
#define AKS_VALUE_QUOTE_SIZE 80
struct aks_value_quote {
    char text[AKS_VALUE_QUOTE_SIZE];
};
struct aks_value_quote aks_value_quote(const json_t *value);

#endif
