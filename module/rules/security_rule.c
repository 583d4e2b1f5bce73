/* What one security rule says, and which addresses and ports that means. */
#include "rules/security_rule.h"

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const direction_names[] = {
    [AKS_SECURITY_INBOUND] = "Inbound",
    [AKS_SECURITY_OUTBOUND] = "Outbound",
};
static const char *const access_names[] = {
    [AKS_SECURITY_ALLOW] = "Allow",
    [AKS_SECURITY_DENY] = "Deny",
};
static const char *const protocol_names[] = {
    [AKS_SECURITY_ANY_PROTOCOL] = "*", [AKS_SECURITY_TCP] = "Tcp", [AKS_SECURITY_UDP] = "Udp",
    [AKS_SECURITY_ICMP] = "Icmp",      [AKS_SECURITY_ESP] = "Esp", [AKS_SECURITY_AH] = "Ah",
};

const char *aks_security_direction_name(enum aks_security_direction direction)
{
    return direction_names[direction];
}

const char *aks_security_access_name(enum aks_security_access access)
{
    return access_names[access];
}

const char *aks_security_protocol_name(enum aks_security_protocol protocol)
{
    return protocol_names[protocol];
}

/* The index of `name`, or `count`. */
static size_t find_name(const char *const *names, size_t count, const char *name)
{
    size_t index = 0;

    while (index < count && !aks_text_equal_fold(names[index], name))
        index++;
    return index;
}

bool aks_security_direction_parse(const char *name, enum aks_security_direction *direction)
{
    size_t index = find_name(direction_names, COUNT(direction_names), name);

    if (index == COUNT(direction_names))
        return false;
    *direction = (enum aks_security_direction)index;
    return true;
}

bool aks_security_access_parse(const char *name, enum aks_security_access *access)
{
    size_t index = find_name(access_names, COUNT(access_names), name);

    if (index == COUNT(access_names))
        return false;
    *access = (enum aks_security_access)index;
    return true;
}

bool aks_security_protocol_parse(const char *name, enum aks_security_protocol *protocol)
{
    size_t index = find_name(protocol_names, COUNT(protocol_names), name);

    if (index == COUNT(protocol_names))
        return false;
    *protocol = (enum aks_security_protocol)index;
    return true;
}

static const char *const any_text[] = {"*"};
static const char *const vnet_text[] = {"VirtualNetwork"};
static const char *const load_balancer_text[] = {"AzureLoadBalancer"};
static const char *const internet_text[] = {"Internet"};

/* https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules */
#define DEFAULT_RULE(title, number, verdict, from, to)                                                                 \
    {                                                                                                                  \
        .name = title, .priority = number, .access = verdict, .protocol = AKS_SECURITY_ANY_PROTOCOL,                   \
        .sources = {from, 1}, .destinations = {to, 1}, .source_ports = {any_text, 1},                                  \
        .destination_ports = {any_text, 1}, .direction = DIRECTION                                                     \
    }
#define DIRECTION AKS_SECURITY_INBOUND
static const struct aks_security_rule inbound_defaults[] = {
    DEFAULT_RULE("AllowVnetInBound", 65000, AKS_SECURITY_ALLOW, vnet_text, vnet_text),
    DEFAULT_RULE("AllowAzureLoadBalancerInBound", 65001, AKS_SECURITY_ALLOW, load_balancer_text, any_text),
    DEFAULT_RULE("DenyAllInBound", 65500, AKS_SECURITY_DENY, any_text, any_text),
};
#undef DIRECTION
#define DIRECTION AKS_SECURITY_OUTBOUND
static const struct aks_security_rule outbound_defaults[] = {
    DEFAULT_RULE("AllowVnetOutBound", 65000, AKS_SECURITY_ALLOW, vnet_text, vnet_text),
    DEFAULT_RULE("AllowInternetOutBound", 65001, AKS_SECURITY_ALLOW, any_text, internet_text),
    DEFAULT_RULE("DenyAllOutBound", 65500, AKS_SECURITY_DENY, any_text, any_text),
};
#undef DIRECTION

const struct aks_security_rule *aks_security_default_rules(enum aks_security_direction direction, size_t *count)
{
    bool inbound = direction == AKS_SECURITY_INBOUND;

    *count = inbound ? COUNT(inbound_defaults) : COUNT(outbound_defaults);
    return inbound ? inbound_defaults : outbound_defaults;
}

struct aks_cidr aks_security_probe_address(unsigned bits)
{
    static const struct aks_cidr addresses[] = {
        {.bytes = {168, 63, 129, 16}, .length = 32, .bits = 32},
        {.bytes = {0xfe, 0x80, [10] = 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}, .length = 128, .bits = 128},
    };

    return addresses[bits == 32 ? 0 : 1];
}

/* What is being read. */
struct reading {
    struct aks_security_match *match;
    const struct aks_security_group *group;
    unsigned bits;
    const struct aks_range *window;
};

static bool add_prefix(struct reading *reading, const struct aks_cidr *prefix)
{
    struct aks_range range = aks_range_of_cidr(prefix);

    return prefix->bits != reading->bits || aks_range_set_add(&reading->match->known, &range, reading->window);
}

static bool add_load_balancer(struct reading *reading)
{
    struct aks_cidr address = aks_security_probe_address(reading->bits);

    return add_prefix(reading, &address);
}

/* The tag holds "the virtual IP address of the host", which is that of the probes. No page says so for version 6. */
static bool add_vnet(struct reading *reading)
{
    struct aks_cidr probe = aks_security_probe_address(reading->bits);
    struct aks_range range = aks_range_of_cidr(&probe), common;

    for (size_t i = 0; i < reading->group->vnet_prefix_count; i++)
        if (!add_prefix(reading, &reading->group->vnet_prefixes[i]))
            return false;
    if (reading->bits == 32)
        return add_prefix(reading, &probe);
    reading->match->doubt = reading->match->doubt || aks_range_meet(&range, reading->window, &common);
    return true;
}

/* What is not of the public internet, at whatever address a virtual network has. */
static const struct aks_cidr not_public[] = {
    {.bytes = {0}, .length = 8, .bits = 32},
    {.bytes = {10}, .length = 8, .bits = 32},
    {.bytes = {100, 64}, .length = 10, .bits = 32},
    {.bytes = {127}, .length = 8, .bits = 32},
    {.bytes = {168, 63, 129, 16}, .length = 32, .bits = 32},
    {.bytes = {169, 254}, .length = 16, .bits = 32},
    {.bytes = {172, 16}, .length = 12, .bits = 32},
    {.bytes = {192, 168}, .length = 16, .bits = 32},
    {.bytes = {224}, .length = 3, .bits = 32},
    {.bytes = {0}, .length = 3, .bits = 128}, /* all but 2000::/3 */
    {.bytes = {0x40}, .length = 2, .bits = 128},
    {.bytes = {0x80}, .length = 1, .bits = 128},
};

static bool remove_prefixes(struct reading *reading, struct aks_range_set *set, const struct aks_cidr *prefixes,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct aks_range range = aks_range_of_cidr(&prefixes[i]);

        if (prefixes[i].bits == reading->bits && !aks_range_set_remove(set, &range))
            return false;
    }
    return true;
}

/* Public addresses outside the virtual network. */
static bool add_internet(struct reading *reading)
{
    const struct aks_security_group *group = reading->group;
    struct aks_range_set set = {0};
    bool done = aks_range_set_add(&set, reading->window, reading->window) &&
                remove_prefixes(reading, &set, not_public, COUNT(not_public)) &&
                remove_prefixes(reading, &set, group->vnet_prefixes, group->vnet_prefix_count);

    for (size_t i = 0; done && i < set.count; i++)
        done = aks_range_set_add(&reading->match->known, &set.items[i], reading->window);
    aks_range_set_clear(&set);
    return done;
}

static bool add_any(struct reading *reading)
{
    return aks_range_set_add(&reading->match->known, reading->window, reading->window);
}

static const struct {
    const char *text;
    bool (*add)(struct reading *reading);
} known_tags[] = {
    {"*", add_any},
    {"VirtualNetwork", add_vnet},
    {"AzureLoadBalancer", add_load_balancer},
    {"Internet", add_internet},
};

static bool add_text(struct reading *reading, const char *text)
{
    struct aks_cidr prefix;
    enum aks_cidr_fault fault;

    for (size_t i = 0; i < COUNT(known_tags); i++)
        if (aks_text_equal_fold(text, known_tags[i].text))
            return known_tags[i].add(reading);
    fault = aks_cidr_parse(text, &prefix);
    if (fault == AKS_CIDR_NO_LENGTH)
        fault = aks_cidr_parse_address(text, &prefix);
    if (fault == AKS_CIDR_VALID || fault == AKS_CIDR_HOST_BITS)
        return add_prefix(reading, &prefix);
    reading->match->doubt = true;
    return true;
}

bool aks_security_match_addresses(struct aks_security_match *match, const struct aks_security_texts *prefixes,
                                  const struct aks_security_group *group, unsigned bits, const struct aks_range *window)
{
    struct reading reading = {.match = match, .group = group, .bits = bits, .window = window};

    aks_range_set_reset(&match->known);
    match->doubt = false;
    for (size_t i = 0; i < prefixes->count; i++)
        if (!add_text(&reading, prefixes->items[i]))
            return false;
    aks_range_set_settle(&match->known);
    return true;
}

bool aks_security_match_ports(struct aks_security_match *match, const struct aks_security_texts *ports,
                              const struct aks_range *window)
{
    aks_range_set_reset(&match->known);
    match->doubt = false;
    for (size_t i = 0; i < ports->count; i++) {
        struct aks_port_range ports_range;
        struct aks_range range;

        if (!aks_port_range_parse(ports->items[i], &ports_range)) {
            match->doubt = true;
            continue;
        }
        range = aks_range_of_ports(&ports_range);
        if (!aks_range_set_add(&match->known, &range, window))
            return false;
    }
    aks_range_set_settle(&match->known);
    return true;
}
