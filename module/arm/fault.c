/* ARM's errors, in every shape that its services write, -> struct aks_error. What is done about them is the caller's.
 */
#include "arm/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/buffer.h"
#include "base/text.h"

#define NESTING_LIMIT 8      /* errors inside errors */
#define CODE_LIMIT 128       /* bytes of a code */
#define FIRST_LINE_LIMIT 200 /* bytes of a body that is not JSON */

/* What to do about a code. `text`, when given, must stand in the message too. Causes and remedies are those of
   "Troubleshoot common Azure deployment errors" and of the AKS troubleshooting pages on https://learn.microsoft.com. */
static const struct hint {
    const char *code;
    const char *text;
    const char *hint;
} hints[] = {
    {"AuthorizationFailed", NULL,
     "grant the caller a role with the named action at the named scope; a role granted just now takes minutes to work"},
    {"LinkedAuthorizationFailed", NULL,
     "the caller also needs the named action on the linked resource: subnets/join/action on a subnet, "
     "userAssignedIdentities/assign/action on an identity"},
    {"RoleAssignmentUpdateNotPermitted", NULL,
     "a role assignment of this name exists with another principal, role or scope: delete it or use another name"},
    {"PrincipalNotFound", NULL,
     "a new identity takes a while to be known everywhere: try again, or send principalType with the role assignment"},
    {"MissingSubscriptionRegistration", NULL,
     "register the resource provider that the message names: az provider register --namespace NAMESPACE"},
    {"SubscriptionNotRegistered", NULL, "register the resource provider: az provider register --namespace NAMESPACE"},
    {"ResourceGroupNotFound", NULL, "create the resource group first"},
    {"ParentResourceNotFound", NULL, "create the resource that it is a part of first"},
    {"FeatureNotFound", NULL, "the feature does not exist in this cloud"},
    {"BadRequest", "is not enabled",
     "register the feature, wait until it is Registered, then register the resource provider again"},
    {"BadRequest", "static credential",
     "local accounts are disabled on this cluster: use a kubeconfig with kubelogin and sign in with Entra ID"},
    {"SubnetIsDelegated", NULL,
     "node subnets must not be delegated: only the API server's subnet is; give the nodes another subnet"},
    {"EmptySubnetError", NULL,
     "AKS Automatic in a network of your own needs hostedSystemProfile with both its subnets"},
    {"LinkedInvalidPropertyId", NULL, "leave the property out instead of sending an empty or partial resource id"},
    {"SubnetNotFound", NULL, "check the subnet's id, and that the cluster's identity may read it"},
    {"InsufficientSubnetSize", NULL, "use a larger subnet, fewer nodes or fewer pods for each node"},
    {"SubnetIsFull", NULL, "no address is free in the subnet: use a larger one"},
    {"ServiceCidrOverlapExistingSubnetsCidr", NULL, "choose a service CIDR that overlaps no subnet of the network"},
    {"VirtualNetworkNotInSucceededState", NULL,
     "wait until the virtual network has settled; if it is Failed, send it again as it is"},
    {"SubnetMissingRequiredDelegation", NULL, "keep the delegation: a cluster's API server still uses the subnet"},
    {"SubnetWithExternalResourcesCannotBeUsedByOtherResources", NULL,
     "another service owns the subnet: use another one"},
    {"InUseSubnetCannotBeDeleted", NULL,
     "delete what uses the subnet first; after a cluster's deletion the subnet is free when that has ended"},
    {"InUseNetworkSecurityGroupCannotBeDeleted", NULL, "detach the security group from its subnets and NICs first"},
    {"PublicIPAddressCannotBeDeleted", NULL, "detach the public IP address first"},
    {"ResourceGroupDeletionBlocked", NULL, "a resource of the group could not be deleted: see the details"},
    {"NetcfgSubnetRangesOverlap", NULL, "choose a prefix that overlaps no other subnet of the network"},
    {"NetcfgSubnetRangeOutsideVnet", NULL, "choose a prefix inside the network's address space, or extend that"},
    {"NetcfgInvalidSubnet", NULL,
     "the prefix is outside the network or overlaps, or another write to the network went on: then try again"},
    {"InvalidCIDRNotation", NULL, "write the prefix as its first address and length, such as 10.1.0.0/24"},
    {"AnotherOperationInProgress", NULL, "wait until the other operation on the network has ended, then try again"},
    {"RetryableError", NULL, "another operation on the network is under way: try again when it has ended"},
    {"OperationNotAllowed", "in progress",
     "wait until the cluster's operation has ended, or abort it: https://aka.ms/aks-pending-operation"},
    {"OperationNotAllowed", "quota", "ask for more quota in this region, or use another VM size or region"},
    {"EtagMismatch", NULL, "the cluster was changed meanwhile: read it again, then repeat the change"},
    {"PreconditionFailed", NULL, "the resource was changed meanwhile: read it again, then repeat the change"},
    {"NotLatestOperation", NULL, "a newer operation replaced this one: read the cluster again"},
    {"AKSOperationPreempted", NULL, "a newer operation replaced this one: read the cluster again"},
    {"AKSOperationPreemptedByDelete", NULL, "the cluster is being deleted"},
    {"AksCapacityHeavyUsage", NULL,
     "the region has no capacity for this at the moment: try later or in another region "
     "(https://aka.ms/AksVnetIntegration)"},
    {"CustomRouteTableMissingPermission", NULL,
     "grant the cluster's identity read and write on the route table (Network Contributor)"},
    {"CustomPrivateDNSZoneMissingPermissionError", NULL,
     "grant the cluster's identity Private DNS Zone Contributor on the zone"},
    {"CreateOrUpdateVirtualNetworkLinkFailed", NULL,
     "grant the cluster's identity Network Contributor on the network, or use private DNS zone \"none\""},
    {"ReconcileStandardLoadBalancerError", NULL, "grant the cluster's identity Network Contributor on the network"},
    {"QuotaExceeded", NULL, "ask for more quota in this region, or use another VM size or region"},
    {"ManagedClusterCountExceedsQuotaLimit", NULL, "delete clusters you no longer need, or ask for more quota"},
    {"Throttled", NULL, "AKS limits requests for each cluster and subscription: wait as long as the message says"},
    {"SubscriptionRequestsThrottled", NULL,
     "Azure limits requests for each subscription: wait, and send fewer at once"},
    {"TooManyRequests", NULL, "a service below limits requests: wait, and send fewer at once"},
    {"SystemPoolHasRestrictedTaint", NULL, "remove the taint from the system pool, or put it on a user pool"},
    {"VMExtensionError_K8SAPIServerConnFail", NULL,
     "nodes cannot reach the API server: check security groups, routes and firewalls"},
    {"VMExtensionError_K8SAPIServerDNSLookupFail", NULL,
     "nodes cannot resolve the API server's name: check the network's DNS servers and the private zone's links"},
    {"NodesNotReady", NULL,
     "nodes did not come up; virtual network encryption does not go together with API Server VNet Integration"},
    {"ValidationError", NULL, "an admission webhook of the cluster may block this: check the webhooks"},
};

static const char *find_hint(const struct aks_error *error)
{
    for (size_t i = 0; error->code && i < sizeof hints / sizeof *hints; i++) {
        const struct hint *hint = &hints[i];

        if (aks_text_equal_fold(hint->code, error->code) &&
            (!hint->text || (error->message && strcasestr(error->message, hint->text))))
            return hint->hint;
    }
    return NULL;
}

/* The hint of the most deeply nested error that has one: outer codes only say that something inside failed. */
static const char *deepest_hint(const struct aks_error *error)
{
    for (size_t i = 0; i < error->detail_count; i++) {
        const char *hint = deepest_hint(&error->details[i]);

        if (hint)
            return hint;
    }
    return find_hint(error);
}

/* Codes that only say that there is an error. */
static bool is_generic(const char *code)
{
    return !code ||
           aks_text_is_choice("Unspecified|BadRequest|Failed|Conflict|InternalServerError|operation_failed", code);
}

const struct aks_error *aks_fault_deepest(const struct aks_error *error)
{
    for (size_t i = 0; i < error->detail_count; i++) {
        const struct aks_error *deepest = aks_fault_deepest(&error->details[i]);

        if (!is_generic(deepest->code))
            return deepest;
    }
    return error;
}

/* A member by its name in camel case, which some services write with a capital. */
static json_t *member(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    char capital[32];

    if (value || strlen(name) >= sizeof capital)
        return value;
    strcpy(capital, name);
    capital[0] = (char)(capital[0] - 'a' + 'A');
    return json_object_get(object, capital);
}

static const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(member(object, name));

    return text && *text ? text : NULL;
}

/* The object that has the code and the message: inside "error", or the body itself. */
static const json_t *unwrap(const json_t *body)
{
    const json_t *error = member(body, "error");

    return json_is_object(error) ? error : body;
}

static bool is_error(const json_t *object)
{
    return text_member(object, "code") || text_member(object, "message");
}

static void read_object(const json_t *object, const char *fallback_code, unsigned depth, struct aks_error *error);

static void add_detail(const json_t *object, unsigned depth, struct aks_error *error)
{
    struct aks_error *detail;

    object = unwrap(object);
    if (depth >= NESTING_LIMIT || !is_error(object))
        return;
    detail = aks_error_add_detail(error);
    if (detail)
        read_object(object, aks_error_code(error), depth + 1, detail);
}

/* A message that is nothing but JSON is for machines: says it with the words inside. */
static void replace_message(struct aks_error *error, const struct aks_error *detail)
{
    char *message = aks_text_format("%s: %s", aks_error_code(detail), detail->message ? detail->message : "");

    if (!message)
        return; /* the raw one stays */
    free(error->message);
    error->message = message;
}

/* An error that a service received from another and put into its message as JSON text, with words before and behind. */
static void add_nested_text(const char *message, unsigned depth, struct aks_error *error)
{
    const char *start = strchr(message, '{');
    json_t *object = start ? json_loadb(start, strlen(start), JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    size_t count = error->detail_count;

    if (object && aks_document_is_shallow(object))
        add_detail(object, depth, error);
    json_decref(object);
    if (start == message && error->detail_count > count)
        replace_message(error, &error->details[count]);
}

static void add_details(const json_t *object, unsigned depth, struct aks_error *error)
{
    const json_t *details = member(object, "details");
    const json_t *inner = member(object, "innererror");

    if (json_is_array(details)) {
        for (size_t i = 0; i < json_array_size(details); i++)
            add_detail(json_array_get(details, i), depth, error);
    } else if (json_is_object(details)) {
        add_detail(details, depth, error);
    }
    add_detail(inner ? inner : member(object, "innerError"), depth, error);
}

static void read_object(const json_t *object, const char *fallback_code, unsigned depth, struct aks_error *error)
{
    const char *code = text_member(object, "code");
    const char *message = text_member(object, "message");
    const char *subcode = text_member(object, "subcode");
    char code_text[CODE_LIMIT + 1] = {0};

    strncat(code_text, code ? code : fallback_code, CODE_LIMIT);
    if (!message)
        aks_error_set(error, code_text, "Azure gave no message");
    else if (subcode && (!code || strcmp(subcode, code) != 0))
        aks_error_set(error, code_text, "%s [%s]", message, subcode);
    else
        aks_error_set(error, code_text, "%s", message);
    aks_error_note(&error->target, text_member(object, "target"));
    add_details(object, depth, error);
    if (message)
        add_nested_text(message, depth, error);
}

/* Entra's and OAuth's shape: "error" is the code itself. */
static bool read_flat(const json_t *body, struct aks_error *error)
{
    const char *code = text_member(body, "error");
    const char *message = text_member(body, "error_description");
    char code_text[CODE_LIMIT + 1] = {0};

    if (!code)
        return false;
    strncat(code_text, code, CODE_LIMIT);
    aks_error_set(error, code_text, "%s", message ? message : code);
    return true;
}

/* The first line of what a reader would see of a text or a page: without tags, printable ASCII alone. */
static void first_line(const char *body, size_t length, char line[FIRST_LINE_LIMIT + 1])
{
    size_t used = 0;
    bool tag = false;

    for (size_t i = 0; i < length && used < FIRST_LINE_LIMIT; i++) {
        unsigned char character = (unsigned char)body[i];

        if (character == '<')
            tag = true;
        if (!tag && used > 0 && (character == '\n' || character == '\r'))
            break;
        if (!tag && (character > ' ' || (character == ' ' && used > 0)))
            line[used++] = character < 127 ? (char)character : '?';
        if (character == '>')
            tag = false;
    }
    line[used] = '\0';
}

static void read_plain(int status, const char *code, const char *body, size_t length, struct aks_error *error)
{
    char line[FIRST_LINE_LIMIT + 1];

    first_line(body, length, line);
    if (*line)
        aks_error_set(error, code, "the server answered %d: %s", status, line);
    else
        aks_error_set(error, code, "the server answered %d without a reason", status);
}

static void read_body(int status, const char *body, size_t length, struct aks_error *error)
{
    struct aks_error ignored = {0};
    json_t *document = length > 0 ? aks_document_parse(body, length, &ignored) : NULL;
    const json_t *object = unwrap(document);
    char code[32];

    aks_error_clear(&ignored);
    snprintf(code, sizeof code, "http_%d", status);
    if (is_error(object))
        read_object(object, code, 0, error);
    else if (!read_flat(document, error))
        read_plain(status, code, body, length, error);
    json_decref(document);
}

void aks_fault_read(int status, const struct aks_headers *headers, const char *body, size_t length,
                    struct aks_error *error)
{
    read_body(status, body, length, error);
    error->status = status;
    error->retryable = status == 408 || status == 429 || status >= 500;
    aks_error_note(&error->request_id, aks_headers_get(headers, "x-ms-request-id"));
    aks_error_note(&error->correlation_id, aks_headers_get(headers, "x-ms-correlation-request-id"));
    aks_error_note(&error->hint, deepest_hint(error));
}

void aks_fault_read_object(const json_t *object, struct aks_error *error)
{
    object = unwrap(object);
    if (json_is_string(object))
        aks_error_set(error, "operation_failed", "%s", json_string_value(object));
    else if (is_error(object))
        read_object(object, "operation_failed", 0, error);
    else
        aks_error_set(error, "operation_failed", "Azure gave no reason");
    aks_error_note(&error->hint, deepest_hint(error));
}
