/* Short ways to write security rules, for the C tests of what reads them. */
#ifndef AKS_SPEC_SECURITY_RULES_H
#define AKS_SPEC_SECURITY_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "rules/security_flow.h"

/* A list of texts: TEXTS("443", "4443"). */
#define TEXTS(...)                                                                                                     \
    {                                                                                                                  \
        (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)          \
    }

/* A TCP rule of one prefix and one range of ports at each end, for a designated initialiser of struct
   aks_security_rule. */
#define RULE(title, number, way, verdict, from, to, to_ports)                                                          \
    {                                                                                                                  \
        .name = title, .priority = number, .direction = AKS_SECURITY_##way, .access = AKS_SECURITY_##verdict,          \
        .protocol = AKS_SECURITY_TCP, .sources = TEXTS(from), .destinations = TEXTS(to), .source_ports = TEXTS("*"),   \
        .destination_ports = TEXTS(to_ports)                                                                           \
    }

static struct aks_cidr cidr_of(const char *text)
{
    struct aks_cidr prefix;

    assert_int_equal(aks_cidr_parse(text, &prefix), AKS_CIDR_VALID);
    return prefix;
}

#endif
