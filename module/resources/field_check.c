/* Checking a spec against its field table: a finding for everything that is wrong with it. Looks at one field at a
   time; what fields mean together is for the types' own checks. */
#include "resources/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arm/id.h"
#include "base/text.h"
#include "base/uuid.h"
#include "resources/field_value.h"
#include "rules/cidr.h"
#include "rules/name.h"

#define NAME_SIZE 160
#define MESSAGE_SIZE 512
#define REMEDY_SIZE 768

/* One spec under inspection; records in it are specs of their own. */
struct check {
    const struct aks_fields *fields;
    const char *resource;
    const char *prefix; /* of field names: "pools[2]." */
    struct aks_findings *findings;
};

typedef bool check_value(const struct check *check, const struct aks_field *field, const json_t *value);

static bool add(const struct check *check, const char *code, const char *field, const char *remedy, const char *format,
                ...) AKS_PRINTF(5, 6);

static bool add(const struct check *check, const char *code, const char *field, const char *remedy, const char *format,
                ...)
{
    char name[NAME_SIZE], message[MESSAGE_SIZE];
    va_list arguments;

    snprintf(name, sizeof name, "%s%s", check->prefix, field);
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return aks_findings_add(check->findings, code, AKS_SEVERITY_ERROR, check->resource, name, remedy, "field '%s'%s",
                            name, message);
}

static struct aks_value_quote quote(const struct aks_field *field, const json_t *value)
{
    static const struct aks_value_quote hidden = {"something else (it is not shown)"};

    return field->flags & AKS_FIELD_SECRET ? hidden : aks_value_quote(value);
}

static bool refuse_type(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return add(check, "type_mismatch", field->name, field->documentation, ": %s expected, got %s",
               aks_field_type_title(field->type), quote(field, value).text);
}

/* For the n-th element (from 0) of a list. */
static bool refuse_element(const struct check *check, const struct aks_field *field, size_t index, const json_t *value,
                           const char *expected)
{
    return add(check, "type_mismatch", field->name, field->documentation, ": %s expected at [%zu], got %s", expected,
               index + 1, aks_value_quote(value).text);
}

/* A string that C can hold: Lua's may have a NUL. */
static bool is_text(const json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

static bool check_range(const struct check *check, const struct aks_field *field, const json_t *value, long long size,
                        const char *unit)
{
    char range[96];

    if ((field->minimum == 0 && field->maximum == 0) || (size >= field->minimum && size <= field->maximum))
        return true;
    if (size < field->minimum && size == 0 && *unit)
        return add(check, "value_not_allowed", field->name, "leave it out, or give it a value", " is empty");
    snprintf(range, sizeof range, "from %lld to %lld%s", field->minimum, field->maximum, unit);
    return add(check, "value_not_allowed", field->name, field->documentation, " is %s; allowed: %s",
               quote(field, value).text, range);
}

static long long count_characters(const char *text)
{
    long long count = 0;

    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static bool check_name(const struct check *check, const struct aks_field *field, const json_t *value)
{
    const struct aks_name_rule *rule = aks_name_rule_find(field->name_rule);
    enum aks_name_fault fault;

    if (!rule || aks_name_is_valid(rule, json_string_value(value), &fault))
        return true;
    return add(check, "name_invalid", field->name, "give another name", ": %s %s; a name here has %s",
               aks_value_quote(value).text, aks_name_fault_text(fault), rule->words);
}

static bool check_string(const struct check *check, const struct aks_field *field, const json_t *value)
{
    if (!json_is_string(value))
        return refuse_type(check, field, value);
    if (field->name_rule)
        return check_name(check, field, value);
    return check_range(check, field, value, count_characters(json_string_value(value)), " characters");
}

static bool check_boolean(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return json_is_boolean(value) || refuse_type(check, field, value);
}

static bool check_integer(const struct check *check, const struct aks_field *field, const json_t *value)
{
    long long number;

    if (!aks_value_integer(value, &number))
        return refuse_type(check, field, value);
    return check_range(check, field, value, number, "");
}

static const char *next_choice(const char *choices, char *word, size_t size)
{
    size_t length = strcspn(choices, "|");

    snprintf(word, size, "%.*s", (int)length, choices);
    return choices[length] ? choices + length + 1 : choices + length;
}

static bool refuse_choice(const struct check *check, const struct aks_field *field, const json_t *value)
{
    char words[16][64], remedy[REMEDY_SIZE];
    const char *at = field->choices;
    struct aks_text_nearest nearest;

    aks_text_nearest_init(&nearest, json_string_value(value));
    for (size_t i = 0; *at && i < sizeof words / sizeof *words; i++) {
        at = next_choice(at, words[i], sizeof words[i]);
        aks_text_nearest_try(&nearest, words[i]);
    }
    snprintf(remedy, sizeof remedy, nearest.best ? "did you mean '%s'?" : "give one of %s",
             nearest.best ? nearest.best : field->choices);
    return add(check, "value_not_allowed", field->name, remedy, " is %s, which is not one of %s",
               aks_value_quote(value).text, field->choices);
}

static bool check_choice(const struct check *check, const struct aks_field *field, const json_t *value)
{
    if (!json_is_string(value))
        return refuse_type(check, field, value);
    return aks_text_is_choice(field->choices, json_string_value(value)) || refuse_choice(check, field, value);
}

static bool refuse_value(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return add(check, "value_not_allowed", field->name, field->documentation, ": %s expected, got %s",
               aks_field_type_title(field->type), quote(field, value).text);
}

static bool check_location(const struct check *check, const struct aks_field *field, const json_t *value)
{
    const char *text = json_string_value(value);

    if (!text)
        return refuse_type(check, field, value);
    if (*text && strlen(text) < AKS_VALUE_LOCATION_SIZE &&
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")] == '\0')
        return true;
    return refuse_value(check, field, value);
}

static bool check_uuid(const struct check *check, const struct aks_field *field, const json_t *value)
{
    if (!json_is_string(value))
        return refuse_type(check, field, value);
    return aks_uuid_is_valid(json_string_value(value)) || refuse_value(check, field, value);
}

static bool refuse_cidr(const struct check *check, const struct aks_field *field, enum aks_cidr_fault fault,
                        const json_t *value)
{
    char message[AKS_CIDR_MESSAGE_SIZE];

    aks_cidr_explain(fault, json_string_value(value), message);
    return add(check, aks_cidr_fault_code(fault), field->name, field->documentation, ": %s", message);
}

static bool check_address(const struct check *check, const struct aks_field *field, const json_t *value)
{
    struct aks_cidr address;
    enum aks_cidr_fault fault;

    if (!json_is_string(value))
        return refuse_type(check, field, value);
    fault = aks_cidr_parse_address(json_string_value(value), &address);
    return fault == AKS_CIDR_VALID || refuse_cidr(check, field, fault, value);
}

static bool check_prefix(const struct check *check, const struct aks_field *field, const json_t *value)
{
    struct aks_cidr prefix;
    enum aks_cidr_fault fault = aks_value_cidr(field, json_string_value(value), &prefix);

    return fault == AKS_CIDR_VALID || refuse_cidr(check, field, fault, value);
}

static bool check_cidr(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return json_is_string(value) ? check_prefix(check, field, value) : refuse_type(check, field, value);
}

static bool check_list(const struct check *check, const struct aks_field *field, const json_t *value,
                       const char *element, check_value *check_element)
{
    const json_t *item;
    size_t index;

    if (!aks_value_is_list(value))
        return refuse_type(check, field, value);
    if (!check_range(check, field, value, (long long)json_array_size(value), " elements"))
        return false;
    json_array_foreach(value, index, item)
    {
        bool done = is_text(item) ? !check_element || check_element(check, field, item)
                                  : refuse_element(check, field, index, item, element);

        if (!done)
            return false;
    }
    return true;
}

static bool check_cidrs(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return check_list(check, field, value, "CIDR prefix", check_prefix);
}

static bool check_strings(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return check_list(check, field, value, "string", NULL);
}

static bool check_tags(const struct check *check, const struct aks_field *field, const json_t *value)
{
    if (!aks_value_is_table(value))
        return refuse_type(check, field, value);
    for (void *at = json_object_iter((json_t *)value); at; at = json_object_iter_next((json_t *)value, at)) {
        const json_t *text = json_object_iter_value(at);

        if (!json_is_string(text) &&
            !add(check, "type_mismatch", field->name, "give the value as a string",
                 ": string expected at '%.64s', got %s", json_object_iter_key(at), aks_value_quote(text).text))
            return false;
    }
    return true;
}

static bool refuse_id(const struct check *check, const struct aks_field *field, const char *expected,
                      const struct aks_id *id, const struct aks_error *error)
{
    if (error->no_memory)
        return false;
    if (aks_error_is_set(error))
        return add(check, "value_not_allowed", field->name, field->documentation, ": %s expected, but %.300s",
                   aks_field_type_title(field->type), error->message);
    return add(check, "type_mismatch", field->name, field->documentation, " is the id of a %.100s; allowed: %s",
               id->type, expected);
}

static bool check_reference(const struct check *check, const struct aks_field *field, const json_t *value)
{
    const char *text = json_string_value(value);
    struct aks_error error = {0};
    struct aks_id id = {0};
    bool done;

    if (!text)
        return refuse_type(check, field, value);
    if (field->choices && aks_text_is_choice(field->choices, text))
        return true;
    done = aks_id_parse(text, &id, &error) && aks_text_equal_fold(id.type, field->target);
    done = done || refuse_id(check, field, field->target, &id, &error);
    aks_id_clear(&id);
    aks_error_clear(&error);
    return done;
}

static bool check_principal(const struct check *check, const struct aks_field *field, const json_t *value)
{
    static const char identity[] = "Microsoft.ManagedIdentity/userAssignedIdentities";
    static const char cluster[] = "Microsoft.ContainerService/managedClusters";
    const char *text = json_string_value(value);
    struct aks_error error = {0};
    struct aks_id id = {0};
    bool done;

    if (!text)
        return refuse_type(check, field, value);
    if (aks_uuid_is_valid(text))
        return true;
    done = aks_id_parse(text, &id, &error) &&
           (aks_text_equal_fold(id.type, identity) || aks_text_equal_fold(id.type, cluster));
    done = done || refuse_id(check, field, "an identity or a cluster", &id, &error);
    aks_id_clear(&id);
    aks_error_clear(&error);
    return done;
}

static bool check_spec(const struct check *check, const json_t *spec);

/* Whether an earlier record has the same name. */
static bool is_repeated(const json_t *list, size_t index)
{
    const char *name = json_string_value(json_object_get(json_array_get(list, index), "name"));

    return name && aks_records_find(list, name) != json_array_get(list, index);
}

static bool check_records(const struct check *check, const struct aks_field *field, const json_t *value)
{
    const json_t *item;
    size_t index;

    if (!aks_value_is_list(value))
        return refuse_type(check, field, value);
    if (!check_range(check, field, value, (long long)json_array_size(value), " elements"))
        return false;
    json_array_foreach(value, index, item)
    {
        char prefix[NAME_SIZE];
        struct check below = {.fields = field->items, .resource = check->resource, .findings = check->findings};
        bool done;

        snprintf(prefix, sizeof prefix, "%s%s[%zu].", check->prefix, field->name, index + 1);
        below.prefix = prefix;
        done = aks_value_is_table(item) ? check_spec(&below, item) : refuse_element(check, field, index, item, "table");
        if (done && is_repeated(value, index))
            done = add(&below, "value_not_allowed", "name", "give each a name of its own",
                       " is %s, as is that of an earlier one", aks_value_quote(json_object_get(item, "name")).text);
        if (!done)
            return false;
    }
    return true;
}

static bool check_table(const struct check *check, const struct aks_field *field, const json_t *value)
{
    return aks_value_is_table(value) || refuse_type(check, field, value);
}

static check_value *const checks[] = {
    [AKS_FIELD_STRING] = check_string,       [AKS_FIELD_BOOLEAN] = check_boolean,
    [AKS_FIELD_INTEGER] = check_integer,     [AKS_FIELD_CHOICE] = check_choice,
    [AKS_FIELD_LOCATION] = check_location,   [AKS_FIELD_UUID] = check_uuid,
    [AKS_FIELD_ADDRESS] = check_address,     [AKS_FIELD_CIDR] = check_cidr,
    [AKS_FIELD_CIDRS] = check_cidrs,         [AKS_FIELD_STRINGS] = check_strings,
    [AKS_FIELD_TAGS] = check_tags,           [AKS_FIELD_REFERENCE] = check_reference,
    [AKS_FIELD_PRINCIPAL] = check_principal, [AKS_FIELD_RECORDS] = check_records,
    [AKS_FIELD_TABLE] = check_table,
};

static bool refuse_unknown(const struct check *check, const char *name)
{
    char remedy[REMEDY_SIZE] = "the fields are", shown[64];
    struct aks_text_nearest nearest;

    aks_text_nearest_init(&nearest, name);
    for (size_t i = 0; i < check->fields->count; i++)
        aks_text_nearest_try(&nearest, check->fields->items[i].name);
    if (nearest.best) {
        snprintf(remedy, sizeof remedy, "did you mean '%s'?", nearest.best);
    } else {
        const char *separator = " ";

        for (size_t i = 0; i < check->fields->count; i++) {
            const struct aks_field *field = &check->fields->items[i];
            size_t used = strlen(remedy);

            if (field->flags & AKS_FIELD_READ_ONLY)
                continue;
            snprintf(remedy + used, sizeof remedy - used, "%s%s", separator, field->name);
            separator = ", ";
        }
    }
    snprintf(shown, sizeof shown, "%.60s", name);
    return aks_findings_add(check->findings, "unknown_field", AKS_SEVERITY_ERROR, check->resource, shown, remedy,
                            "unknown field '%s%s'", check->prefix, shown);
}

static bool check_unknown(const struct check *check, const json_t *spec)
{
    for (void *at = json_object_iter((json_t *)spec); at; at = json_object_iter_next((json_t *)spec, at))
        if (!aks_fields_find(check->fields, json_object_iter_key(at)) &&
            !refuse_unknown(check, json_object_iter_key(at)))
            return false;
    return true;
}

static bool check_field(const struct check *check, const struct aks_field *field, const json_t *value)
{
    if (value && (field->flags & AKS_FIELD_READ_ONLY))
        return add(check, "field_read_only", field->name, "leave it out", " is set by Azure");
    if (json_is_string(value) && !is_text(value))
        return refuse_type(check, field, value);
    if (value)
        return checks[field->type](check, field, value);
    if (field->flags & AKS_FIELD_REQUIRED)
        return add(check, "field_required", field->name, field->documentation, " is required: %s",
                   aks_field_type_title(field->type));
    return true;
}

static bool check_spec(const struct check *check, const json_t *spec)
{
    if (!check_unknown(check, spec))
        return false;
    for (size_t i = 0; i < check->fields->count; i++) {
        const struct aks_field *field = &check->fields->items[i];

        if (!check_field(check, field, json_object_get(spec, field->name)))
            return false;
    }
    return true;
}

bool aks_fields_check(const struct aks_fields *fields, const char *resource, const json_t *spec,
                      struct aks_findings *findings)
{
    struct check check = {.fields = fields, .resource = resource, .prefix = "", .findings = findings};

    return check_spec(&check, spec);
}
