/* Whether nodes reach the API server through the network security groups that were read: of each subnet. */
#include "operations/preflight.h"

#include <stdlib.h>

#include "arm/document.h"
#include "arm/id.h"
#include "operations/security_group.h"
#include "resources/cluster_view.h"
#include "rules/required_flow.h"
#include "rules/rule.h"

/* The arguments of the check. */
struct security {
    const struct aks_survey *survey;
    const struct aks_preflight_subnet *subnets;
    size_t count;
    const json_t *network;
    struct aks_findings *findings;
};

static const char *group_of(const struct aks_preflight_subnet *subnet)
{
    return aks_document_text_at(subnet->document, "properties.networkSecurityGroup.id");
}

static bool is_on(const char *group, const struct aks_preflight_subnet *subnet)
{
    const char *other = group_of(subnet);

    return other && aks_id_equal(group, other);
}

static bool add_prefixes(const struct aks_preflight_subnet *subnet, struct aks_cidr **list, size_t *count)
{
    return aks_prefixes_add(subnet->document, "properties.addressPrefix", "properties.addressPrefixes", list, count);
}

/* What a group does to the flows that it decides: on the subnet of the API server to those of all nodes, on subnets of
   nodes to those of the nodes there. */
static bool check_group_on(const struct security *security, const struct aks_sight *sight,
                           const struct aks_security_view *view, unsigned place)
{
    struct aks_cidr *apiserver = NULL, *nodes = NULL;
    struct aks_required_network network = {0};
    struct aks_error error = {0};
    bool done = true;

    for (size_t i = 0; done && i < security->count; i++) {
        const struct aks_preflight_subnet *subnet = &security->subnets[i];

        if (subnet->of_apiserver)
            done = add_prefixes(subnet, &apiserver, &network.apiserver_prefix_count);
        else if (place == AKS_SECURITY_ON_APISERVER || is_on(sight->target, subnet))
            done = add_prefixes(subnet, &nodes, &network.node_prefix_count);
    }
    network.apiserver_prefixes = apiserver;
    network.node_prefixes = nodes;
    done = done && aks_required_check(&view->group, &network, place, sight->target, security->findings, &error);
    aks_error_clear(&error);
    free(apiserver);
    free(nodes);
    return done;
}

static bool check_group(const struct security *security, const struct aks_sight *sight)
{
    struct aks_security_view view = {0};
    unsigned places = 0;
    size_t count;
    struct aks_cidr *network;
    bool done;

    if (sight->refusal)
        return aks_rule_break(security->findings, "check_forbidden", sight->target, NULL, NULL,
                              "the network security group may not be read (%s): its rules were not checked",
                              sight->refusal);
    for (size_t i = 0; i < security->count; i++)
        if (is_on(sight->target, &security->subnets[i]))
            places |= security->subnets[i].of_apiserver ? AKS_SECURITY_ON_APISERVER : AKS_SECURITY_ON_NODES;
    network = aks_prefixes_read(security->network, NULL, "properties.addressSpace.addressPrefixes", &count);
    done = network && aks_security_view_read(&view, sight->document, network, count);
    for (unsigned place = AKS_SECURITY_ON_APISERVER; done && place <= AKS_SECURITY_ON_NODES; place <<= 1)
        done = (places & place) == 0 || check_group_on(security, sight, &view, place);
    aks_security_view_clear(&view);
    free(network);
    return done;
}

/* Whether a subnet before this one has the same group. */
static bool is_judged(const struct security *security, size_t place)
{
    for (size_t i = 0; i < place; i++)
        if (is_on(group_of(&security->subnets[place]), &security->subnets[i]))
            return true;
    return false;
}

bool aks_preflight_check_security(const struct aks_survey *survey, const struct aks_preflight_subnet *subnets,
                                  size_t count, const json_t *network, struct aks_findings *findings)
{
    const struct security security = {survey, subnets, count, network, findings};

    if (count < 2 || !subnets[0].of_apiserver)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!subnets[i].document)
            return true;
    for (size_t i = 0; i < count; i++) {
        const char *group = group_of(&subnets[i]);
        const struct aks_sight *sight = group && !is_judged(&security, i) ? aks_survey_find(survey, group) : NULL;

        if (sight && !check_group(&security, sight))
            return false;
    }
    return true;
}
