/* Fields in documents: written, read back, compared. What values mean is in field_value.c. */
#include "resources/field.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "base/text.h"
#include "resources/field_value.h"

json_t *aks_records_find(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        const char *text = json_string_value(json_object_get(item, "name"));

        if (text && aks_text_equal_fold(text, name))
            return item;
    }
    return NULL;
}

/* Whether something on the way to the member is neither an object nor a list, so that nothing can be put below it. */
static bool is_blocked(const json_t *document, const char *path)
{
    for (const char *at = strpbrk(path, ".["); at; at = strpbrk(at + 1, ".[")) {
        char *above = aks_text_copy_n(path, (size_t)(at - path));
        const json_t *value = above ? aks_document_get(document, above) : NULL;

        free(above);
        if (value && !json_is_object(value) && !json_is_array(value) && !json_is_null(value))
            return true;
    }
    return false;
}

bool aks_field_put(json_t *document, const char *path, json_t *value, struct aks_error *error)
{
    if (!value)
        return aks_error_set_no_memory(error);
    if (aks_document_set(document, path, value))
        return true;
    if (is_blocked(document, path))
        return aks_error_set(error, "response_invalid", "Azure's document has no room for '%s'", path);
    return aks_error_set_no_memory(error);
}

/* What the document has at the field's path, borrowed; NULL also for null, and for the empty id by which Azure says
   that it manages a subnet itself. */
static json_t *member(const struct aks_field *field, const json_t *document)
{
    json_t *value = field->path ? aks_document_get(document, field->path) : NULL;
    const char *text = json_string_value(value);

    if (json_is_null(value) || (field->type == AKS_FIELD_REFERENCE && text && !*text))
        return NULL;
    return value;
}

static json_t *read_record(const struct aks_fields *fields, const json_t *object)
{
    json_t *record = json_object();
    bool done = record;

    for (size_t i = 0; done && i < fields->count; i++) {
        json_t *value = aks_field_read(&fields->items[i], object);

        if (value)
            done = json_object_set_new(record, fields->items[i].name, value) == 0;
    }
    if (done)
        return record;
    json_decref(record);
    return NULL;
}

static json_t *read_records(const struct aks_field *field, const json_t *list)
{
    json_t *records = json_array();
    bool done = records;

    for (size_t i = 0; done && i < json_array_size(list); i++)
        done = json_array_append_new(records, read_record(field->items, json_array_get(list, i))) == 0;
    if (done)
        return records;
    json_decref(records);
    return NULL;
}

/* New value, without regard to what an absent member means. */
static json_t *read_present(const struct aks_field *field, const json_t *document)
{
    json_t *value;

    if (field->codec && field->codec->read)
        return field->codec->read(field, document);
    value = member(field, document);
    if (!value)
        return NULL;
    return field->type == AKS_FIELD_RECORDS ? read_records(field, value) : json_deep_copy(value);
}

static json_t *absent_value(const struct aks_field *field)
{
    if (field->type == AKS_FIELD_BOOLEAN)
        return json_boolean(strcmp(field->absent, "true") == 0);
    return json_string(field->absent);
}

json_t *aks_field_read(const struct aks_field *field, const json_t *document)
{
    json_t *value = read_present(field, document);

    return !value && field->absent ? absent_value(field) : value;
}

static bool record_agrees(const struct aks_fields *fields, const json_t *wanted, const json_t *object)
{
    for (size_t i = 0; i < fields->count; i++) {
        const json_t *value = json_object_get(wanted, fields->items[i].name);

        if (value && !aks_field_agrees(&fields->items[i], value, object))
            return false;
    }
    return true;
}

static bool records_agree(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const json_t *list = member(field, document);

    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *record = json_array_get(wanted, i);
        const char *name = json_string_value(json_object_get(record, "name"));
        const json_t *object = name ? aks_records_find(list, name) : NULL;

        if (!object || !record_agrees(field->items, record, object))
            return false;
    }
    return true;
}

/* Compares without copying, so that want of memory is no difference. */
static bool member_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    const json_t *present = member(field, document);
    const char *text = json_string_value(wanted);

    if (present || !field->absent)
        return aks_field_equal(field, wanted, present);
    if (json_is_boolean(wanted))
        return json_is_true(wanted) == (strcmp(field->absent, "true") == 0);
    return text && aks_text_equal_fold(text, field->absent);
}

bool aks_field_agrees(const struct aks_field *field, const json_t *wanted, const json_t *document)
{
    json_t *present;
    bool agrees;

    if (field->codec && field->codec->agrees)
        return field->codec->agrees(field, wanted, document);
    if (field->type == AKS_FIELD_RECORDS)
        return records_agree(field, wanted, document);
    if (!field->codec || !field->codec->read)
        return member_agrees(field, wanted, document);
    present = field->codec->read(field, document);
    agrees = aks_field_equal(field, wanted, present);
    json_decref(present);
    return agrees;
}

/* New text of a choice in the spelling of the table. */
static json_t *write_choice(const struct aks_field *field, const json_t *value)
{
    const char *text = json_string_value(value), *at = field->choices;
    size_t length = text ? strlen(text) : 0;

    while (text && *at) {
        size_t word = strcspn(at, "|");

        if (word == length && aks_text_equal_fold_n(at, text, word))
            return json_stringn(at, word);
        at += word + (at[word] == '|');
    }
    return json_deep_copy(value);
}

/* New object: the tags that are there, and those of the spec. */
static json_t *write_tags(const struct aks_field *field, const json_t *value, const json_t *present)
{
    json_t *tags = json_is_object(present) ? json_deep_copy(present) : json_object();
    bool done = tags;

    for (void *at = json_object_iter((json_t *)value); done && at; at = json_object_iter_next((json_t *)value, at)) {
        const char *name = json_object_iter_key(at);
        const char *key = aks_value_key(tags, name, field->flags & AKS_FIELD_FOLD);

        done = json_object_set(tags, key ? key : name, json_object_iter_value(at)) == 0;
    }
    if (done)
        return tags;
    json_decref(tags);
    return NULL;
}

/* New value as ARM takes it; NULL for want of memory. */
static json_t *written(const struct aks_field *field, const json_t *value, const json_t *present)
{
    long long number;

    switch (field->type) {
    case AKS_FIELD_INTEGER:
        return aks_value_integer(value, &number) ? json_integer(number) : json_deep_copy(value);
    case AKS_FIELD_CHOICE:
        return write_choice(field, value);
    case AKS_FIELD_LOCATION:
        return json_is_string(value) ? aks_value_location(json_string_value(value)) : json_deep_copy(value);
    case AKS_FIELD_TAGS:
        return write_tags(field, value, present);
    case AKS_FIELD_CIDRS:
    case AKS_FIELD_STRINGS:
        return json_is_array(value) ? json_deep_copy(value) : json_array();
    case AKS_FIELD_TABLE:
        return json_is_object(value) ? json_deep_copy(value) : json_object();
    default:
        return json_deep_copy(value);
    }
}

/* The record's object in the list, made when it is missing; borrowed, NULL for want of memory. */
static json_t *enter_record(json_t *list, const json_t *record)
{
    json_t *name = json_object_get(record, "name"), *object;

    object = json_is_string(name) ? aks_records_find(list, json_string_value(name)) : NULL;
    if (object)
        return object;
    object = json_object();
    return json_array_append_new(list, object) == 0 ? object : NULL;
}

static bool write_records(const struct aks_field *field, const json_t *value, json_t *document, struct aks_error *error)
{
    json_t *list = aks_document_get(document, field->path);

    if (!json_is_array(list) && !aks_field_put(document, field->path, json_array(), error))
        return false;
    list = aks_document_get(document, field->path);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *record = json_array_get(value, i);
        json_t *object = enter_record(list, record);

        if (!object)
            return aks_error_set_no_memory(error);
        if (!aks_fields_write(field->items, record, object, error))
            return false;
    }
    return true;
}

/* Whether the document says what is wanted in words of its own, which are then left alone. What it does not say at all
   is written, even where that is what Azure would take it for. */
static bool is_written(const struct aks_field *field, const json_t *value, const json_t *document)
{
    json_t *present;

    if (!field->codec || !field->codec->read)
        return member(field, document) && aks_field_agrees(field, value, document);
    if (field->codec->agrees)
        return field->codec->agrees(field, value, document);
    present = field->codec->read(field, document);
    json_decref(present);
    return present && aks_field_agrees(field, value, document);
}

static bool write_field(const struct aks_field *field, const json_t *value, json_t *document, struct aks_error *error)
{
    if (field->type == AKS_FIELD_RECORDS)
        return write_records(field, value, document, error);
    if (is_written(field, value, document))
        return true;
    if (field->codec && field->codec->write)
        return field->codec->write(field, value, document, error);
    return !field->path || aks_field_put(document, field->path, written(field, value, member(field, document)), error);
}

bool aks_fields_write(const struct aks_fields *fields, const json_t *spec, json_t *document, struct aks_error *error)
{
    for (size_t i = 0; i < fields->count; i++) {
        const json_t *value = json_object_get(spec, fields->items[i].name);

        if (value && !(fields->items[i].flags & AKS_FIELD_READ_ONLY) &&
            !write_field(&fields->items[i], value, document, error))
            return false;
    }
    return true;
}
