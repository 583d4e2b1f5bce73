/* Field tables as such: finding a row, naming a type. Checking is in field_check.c, meaning in field_value.c, documents
   in field_document.c. */
#include "resources/field.h"

#include <string.h>

static const char *const titles[] = {
    [AKS_FIELD_STRING] = "string",
    [AKS_FIELD_BOOLEAN] = "boolean",
    [AKS_FIELD_INTEGER] = "integer",
    [AKS_FIELD_CHOICE] = "string",
    [AKS_FIELD_LOCATION] = "Azure region such as \"westus2\"",
    [AKS_FIELD_UUID] = "UUID",
    [AKS_FIELD_ADDRESS] = "IP address such as \"10.0.0.10\"",
    [AKS_FIELD_CIDR] = "CIDR prefix such as \"172.19.0.0/28\"",
    [AKS_FIELD_CIDRS] = "list of CIDR prefixes",
    [AKS_FIELD_STRINGS] = "list of strings",
    [AKS_FIELD_TAGS] = "table of strings by name",
    [AKS_FIELD_REFERENCE] = "resource or its id",
    [AKS_FIELD_PRINCIPAL] = "identity, cluster or object id",
    [AKS_FIELD_RECORDS] = "list of tables",
    [AKS_FIELD_TABLE] = "table",
};

const struct aks_field *aks_fields_find(const struct aks_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->items[i].name, name) == 0)
            return &fields->items[i];
    return NULL;
}

const char *aks_field_type_title(enum aks_field_type type)
{
    return titles[type];
}
