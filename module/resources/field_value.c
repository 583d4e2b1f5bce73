/* What values of fields mean, and when two mean the same. Knows values in the spec's terms, not documents. */
#include "resources/field_value.h"

#include <string.h>

#include "arm/id.h"
#include "base/text.h"
#include "base/uuid.h"

bool aks_value_is_list(const json_t *value)
{
    return json_is_array(value) || (json_is_object(value) && json_object_size(value) == 0);
}

bool aks_value_is_table(const json_t *value)
{
    return json_is_object(value) || (json_is_array(value) && json_array_size(value) == 0);
}

bool aks_value_integer(const json_t *value, long long *number)
{
    double real = json_real_value(value);

    if (json_is_integer(value)) {
        *number = json_integer_value(value);
        return true;
    }
    /* The bounds are those within which a double holds every integer. */
    if (!json_is_real(value) || real < -9007199254740992.0 || real > 9007199254740992.0)
        return false;
    *number = (long long)real;
    return (double)*number == real;
}

enum aks_cidr_fault aks_value_cidr(const struct aks_field *field, const char *text, struct aks_cidr *prefix)
{
    enum aks_cidr_fault fault = aks_cidr_parse(text, prefix);

    if (fault == AKS_CIDR_NO_LENGTH && (field->flags & AKS_FIELD_HOSTS))
        return aks_cidr_parse_address(text, prefix);
    return fault;
}

json_t *aks_value_location(const char *text)
{
    char location[AKS_VALUE_LOCATION_SIZE];
    size_t length = 0;

    for (; *text && length < sizeof location - 1; text++)
        if (*text != ' ')
            location[length++] = aks_text_lower(*text);
    return json_stringn(location, length);
}

const char *aks_value_key(const json_t *object, const char *name, bool fold)
{
    void *at = NULL;

    if (json_object_get(object, name))
        return name;
    if (fold)
        at = json_object_iter((json_t *)object);
    for (; at; at = json_object_iter_next((json_t *)object, at))
        if (aks_text_equal_fold(json_object_iter_key(at), name))
            return json_object_iter_key(at);
    return NULL;
}

static int append_quoted(const char *text, size_t length, void *context)
{
    struct aks_value_quote *quote = context;
    size_t used = strlen(quote->text), room = sizeof quote->text - sizeof "..." - used;
    size_t count = length < room ? length : room;

    while (count < length && count > 0 && ((unsigned char)text[count] & 0xC0) == 0x80)
        count--; /* not in the middle of a character */
    memcpy(quote->text + used, text, count);
    quote->text[used + count] = '\0';
    if (count == length)
        return 0;
    strcat(quote->text, "...");
    return -1; /* enough */
}

struct aks_value_quote aks_value_quote(const json_t *value)
{
    struct aks_value_quote quote = {{0}};

    if (!value)
        strcpy(quote.text, "nothing");
    else if (json_is_object(value))
        strcpy(quote.text, "a table");
    else if (json_is_object(json_array_get(value, 0)))
        strcpy(quote.text, "a list of tables");
    else
        json_dump_callback(value, append_quoted, &quote, JSON_ENCODE_ANY | JSON_COMPACT);
    return quote;
}

static bool equal_location(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (aks_text_lower(*a) != aks_text_lower(*b))
            return false;
        if (!*a)
            return true;
    }
}

static bool equal_prefix(const struct aks_field *field, const char *a, const char *b)
{
    struct aks_cidr first, second;

    return aks_value_cidr(field, a, &first) == AKS_CIDR_VALID && aks_value_cidr(field, b, &second) == AKS_CIDR_VALID &&
           aks_cidr_compare(&first, &second) == 0;
}

static bool equal_address(const char *a, const char *b)
{
    struct aks_cidr first, second;

    return aks_cidr_parse_address(a, &first) == AKS_CIDR_VALID &&
           aks_cidr_parse_address(b, &second) == AKS_CIDR_VALID && aks_cidr_compare(&first, &second) == 0;
}

static bool equal_text(const struct aks_field *field, const char *a, const char *b)
{
    switch (field->type) {
    case AKS_FIELD_CHOICE:
    case AKS_FIELD_UUID:
        return aks_text_equal_fold(a, b);
    case AKS_FIELD_LOCATION:
        return equal_location(a, b);
    case AKS_FIELD_REFERENCE:
        return aks_id_equal(a, b);
    case AKS_FIELD_PRINCIPAL:
        /* Of which identity an object id is, only a read could tell. */
        return aks_uuid_is_valid(a) != aks_uuid_is_valid(b) || aks_id_equal(a, b);
    case AKS_FIELD_ADDRESS:
        return strcmp(a, b) == 0 || equal_address(a, b);
    case AKS_FIELD_CIDR:
    case AKS_FIELD_CIDRS:
        return strcmp(a, b) == 0 || equal_prefix(field, a, b);
    default:
        return (field->flags & AKS_FIELD_FOLD) ? aks_text_equal_fold(a, b) : strcmp(a, b) == 0;
    }
}

static bool equal_scalar(const struct aks_field *field, const json_t *a, const json_t *b)
{
    long long first, second;

    if (json_is_string(a) && json_is_string(b))
        return equal_text(field, json_string_value(a), json_string_value(b));
    if (aks_value_integer(a, &first) && aks_value_integer(b, &second))
        return first == second;
    return json_equal(a, b);
}

static bool list_has(const struct aks_field *field, const json_t *list, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (equal_scalar(field, json_array_get(list, i), value))
            return true;
    return false;
}

/* Lists of the same elements, in any order unless it has a meaning. Most often they are in the same order: elements in
   their places are not searched for. */
static bool equal_list(const struct aks_field *field, const json_t *a, const json_t *b)
{
    size_t count = json_array_size(a);

    if (count != json_array_size(b))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *first = json_array_get(a, i), *second = json_array_get(b, i);

        if (equal_scalar(field, first, second))
            continue;
        if ((field->flags & AKS_FIELD_ORDERED) || !list_has(field, b, first) || !list_has(field, a, second))
            return false;
    }
    return true;
}

static bool contains_tags(const struct aks_field *field, const json_t *wanted, const json_t *present)
{
    for (void *at = json_object_iter((json_t *)wanted); at; at = json_object_iter_next((json_t *)wanted, at)) {
        const char *key = aks_value_key(present, json_object_iter_key(at), field->flags & AKS_FIELD_FOLD);

        if (!key || !json_equal(json_object_get(present, key), json_object_iter_value(at)))
            return false;
    }
    return true;
}

/* Every member of a wanted record is in the one that is present. */
static bool contains_record(const struct aks_fields *fields, const json_t *wanted, const json_t *present)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct aks_field *field = &fields->items[i];
        const json_t *value = json_object_get(wanted, field->name);

        if (value && !aks_field_equal(field, value, json_object_get(present, field->name)))
            return false;
    }
    return true;
}

static bool contains_records(const struct aks_field *field, const json_t *wanted, const json_t *present)
{
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *record = json_array_get(wanted, i);
        const char *name = json_string_value(json_object_get(record, "name"));
        const json_t *other = name ? aks_records_find(present, name) : NULL;

        if (!other || !contains_record(field->items, record, other))
            return false;
    }
    return true;
}

static bool is_empty(const json_t *value)
{
    return !value || json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

bool aks_field_equal(const struct aks_field *field, const json_t *wanted, const json_t *present)
{
    if (is_empty(wanted) || is_empty(present)) {
        bool contained = field->type == AKS_FIELD_TAGS || field->type == AKS_FIELD_RECORDS;

        return is_empty(wanted) && (contained || is_empty(present));
    }
    switch (field->type) {
    case AKS_FIELD_CIDRS:
    case AKS_FIELD_STRINGS:
        return equal_list(field, wanted, present);
    case AKS_FIELD_TAGS:
        return contains_tags(field, wanted, present);
    case AKS_FIELD_RECORDS:
        return contains_records(field, wanted, present);
    case AKS_FIELD_TABLE:
        return json_equal(wanted, present);
    default:
        return equal_scalar(field, wanted, present);
    }
}
