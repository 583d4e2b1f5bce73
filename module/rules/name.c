/* Whether a name is one that Azure accepts. The rules are rows; what is taken already is not known here. */
#include "rules/name.h"

#include <string.h>

/* Sets of characters. */
enum {
    LOWER = 1,
    UPPER = 2,
    DIGIT = 4,
    HYPHEN = 8,
    UNDERSCORE = 16,
    PERIOD = 32,
    PARENTHESES = 64,
    BEYOND_ASCII = 128, /* which of them are letters is left to Azure */
    LETTER = LOWER | UPPER,
    ALPHANUMERIC = LETTER | DIGIT,
    NETWORK = ALPHANUMERIC | HYPHEN | UNDERSCORE | PERIOD,
    GROUP = NETWORK | PARENTHESES | BEYOND_ASCII
};

#define NAMING_RULES "https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"
#define AKS_RULES "https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/aks-common-issues-faq"
#define NODE_POOLS "https://learn.microsoft.com/azure/aks/create-node-pools#limitations"
/* The characters; the length is that of an administrator in
   https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/create-or-update */
#define AKS_API "https://learn.microsoft.com/rest/api/aks/managed-clusters/create-or-update"

static const char network_words[] = "1 to 80 letters, digits, '_', '-' and '.', beginning with a letter or digit and "
                                    "ending with a letter, digit or '_'";

static const struct aks_name_rule rules[] = {
    {"resource_group", 1, 90, GROUP, GROUP, GROUP & ~(unsigned)PERIOD,
     "1 to 90 letters, digits, '_', '-', '.', '(' and ')', not ending with '.'", NAMING_RULES},
    {"vnet", 2, 64, NETWORK, ALPHANUMERIC, ALPHANUMERIC | UNDERSCORE,
     "2 to 64 letters, digits, '_', '-' and '.', beginning with a letter or digit and ending with a letter, digit or "
     "'_'",
     NAMING_RULES},
    {"subnet", 1, 80, NETWORK, ALPHANUMERIC, ALPHANUMERIC | UNDERSCORE, network_words, NAMING_RULES},
    {"nsg", 1, 80, NETWORK, ALPHANUMERIC, ALPHANUMERIC | UNDERSCORE, network_words, NAMING_RULES},
    {"security_rule", 1, 80, NETWORK, ALPHANUMERIC, ALPHANUMERIC | UNDERSCORE, network_words, NAMING_RULES},
    {"route_table", 1, 80, NETWORK, ALPHANUMERIC, ALPHANUMERIC | UNDERSCORE, network_words, NAMING_RULES},
    {"identity", 3, 128, ALPHANUMERIC | HYPHEN | UNDERSCORE, ALPHANUMERIC, ALPHANUMERIC | HYPHEN | UNDERSCORE,
     "3 to 128 letters, digits, '-' and '_', beginning with a letter or digit", NAMING_RULES},
    {"cluster", 1, 63, ALPHANUMERIC | HYPHEN | UNDERSCORE, ALPHANUMERIC, ALPHANUMERIC,
     "1 to 63 letters, digits, '-' and '_', beginning and ending with a letter or digit", NAMING_RULES},
    {"agent_pool", 1, 12, LOWER | DIGIT, LOWER, LOWER | DIGIT,
     "1 to 12 lower case letters and digits, beginning with a letter", NODE_POOLS},
    {"windows_agent_pool", 1, 6, LOWER | DIGIT, LOWER, LOWER | DIGIT,
     "1 to 6 lower case letters and digits, beginning with a letter", NODE_POOLS},
    {"dns_prefix", 1, 54, ALPHANUMERIC | HYPHEN, ALPHANUMERIC, ALPHANUMERIC,
     "1 to 54 letters, digits and '-', beginning and ending with a letter or digit", AKS_RULES},
    {"provider", 1, 128, ALPHANUMERIC | PERIOD, LETTER, ALPHANUMERIC,
     "1 to 128 letters, digits and '.', such as Microsoft.ContainerService", NAMING_RULES},
    {"feature", 1, 128, ALPHANUMERIC | HYPHEN | UNDERSCORE | PERIOD, ALPHANUMERIC, ALPHANUMERIC,
     "1 to 128 letters, digits, '-', '_' and '.', without its namespace", NAMING_RULES},
    {"linux_admin", 1, 64, ALPHANUMERIC | HYPHEN | UNDERSCORE, LETTER, ALPHANUMERIC | HYPHEN | UNDERSCORE,
     "1 to 64 letters, digits, '-' and '_', beginning with a letter", AKS_API},
};

const struct aks_name_rule *aks_name_rules(size_t *count)
{
    *count = sizeof rules / sizeof *rules;
    return rules;
}

const struct aks_name_rule *aks_name_rule_find(const char *kind)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].kind, kind) == 0)
            return &rules[i];
    return NULL;
}

/* The set that a byte is of; 0: none that any rule allows. */
static unsigned set_of(char character)
{
    if (character >= 'a' && character <= 'z')
        return LOWER;
    if (character >= 'A' && character <= 'Z')
        return UPPER;
    if (character >= '0' && character <= '9')
        return DIGIT;
    switch (character) {
    case '-':
        return HYPHEN;
    case '_':
        return UNDERSCORE;
    case '.':
        return PERIOD;
    case '(':
    case ')':
        return PARENTHESES;
    default:
        return (unsigned char)character >= 0x80 ? BEYOND_ASCII : 0;
    }
}

static size_t count_characters(const char *name)
{
    size_t count = 0;

    for (; *name; name++)
        count += ((unsigned char)*name & 0xc0) != 0x80; /* not the further bytes of a UTF-8 character */
    return count;
}

static enum aks_name_fault fault_of(const struct aks_name_rule *rule, const char *name)
{
    size_t count = count_characters(name), length = strlen(name);

    for (const char *character = name; *character; character++)
        if (!(set_of(*character) & rule->allowed))
            return AKS_NAME_BAD_CHARACTER;
    if (count < rule->minimum || length == 0)
        return AKS_NAME_TOO_SHORT;
    if (count > rule->maximum)
        return AKS_NAME_TOO_LONG;
    if (!(set_of(name[0]) & rule->first))
        return AKS_NAME_BAD_FIRST;
    if (!(set_of(name[length - 1]) & rule->last))
        return AKS_NAME_BAD_LAST;
    return AKS_NAME_VALID;
}

bool aks_name_is_valid(const struct aks_name_rule *rule, const char *name, enum aks_name_fault *fault)
{
    enum aks_name_fault found = fault_of(rule, name);

    if (fault)
        *fault = found;
    return found == AKS_NAME_VALID;
}

const char *aks_name_fault_text(enum aks_name_fault fault)
{
    static const char *const texts[] = {
        [AKS_NAME_VALID] = "is valid",
        [AKS_NAME_TOO_SHORT] = "is too short",
        [AKS_NAME_TOO_LONG] = "is too long",
        [AKS_NAME_BAD_CHARACTER] = "has a character that is not allowed",
        [AKS_NAME_BAD_FIRST] = "begins with a character that is not allowed there",
        [AKS_NAME_BAD_LAST] = "ends with a character that is not allowed there",
    };

    return texts[fault];
}
