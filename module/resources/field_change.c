/* The fields of a spec that a document does not agree with, by name: what a plan shows. */
#include "resources/field.h"

#include <stdlib.h>

#include "arm/document.h"
#include "base/text.h"

/* Takes `name` and `from`, also on failure. */
static bool add_change(struct aks_changes *changes, char *name, const struct aks_field *field, json_t *from,
                       const json_t *to, struct aks_error *error)
{
    struct aks_change *items = realloc(changes->items, (changes->count + 1) * sizeof *items);
    struct aks_change change = {.name = name, .field = field, .from = from, .to = json_deep_copy(to)};

    if (items)
        changes->items = items;
    if (items && name && change.to) {
        items[changes->count++] = change;
        return true;
    }
    free(name);
    json_decref(from);
    json_decref(change.to);
    return aks_error_set_no_memory(error);
}

static bool compare(const struct aks_fields *fields, const char *prefix, const json_t *spec, const json_t *document,
                    struct aks_changes *changes, struct aks_error *error);

static bool compare_record(const struct aks_field *field, const char *prefix, const json_t *record, const json_t *list,
                           struct aks_changes *changes, struct aks_error *error)
{
    const char *key = json_string_value(json_object_get(record, "name"));
    const json_t *object = key ? aks_records_find(list, key) : NULL;
    char *name = aks_text_format("%s%s.%s", prefix, field->name, key ? key : "?"), *below;
    bool done;

    if (!object)
        return add_change(changes, name, field, NULL, record, error);
    below = name ? aks_text_format("%s.", name) : NULL;
    done = below ? compare(field->items, below, record, object, changes, error) : aks_error_set_no_memory(error);
    free(name);
    free(below);
    return done;
}

static bool compare_records(const struct aks_field *field, const char *prefix, const json_t *records,
                            const json_t *document, struct aks_changes *changes, struct aks_error *error)
{
    const json_t *list = aks_document_get(document, field->path);

    for (size_t i = 0; i < json_array_size(records); i++)
        if (!compare_record(field, prefix, json_array_get(records, i), list, changes, error))
            return false;
    return true;
}

/* Whether a document can tell the field's value at all. */
static bool is_comparable(const struct aks_field *field)
{
    return field->path || (field->codec && (field->codec->read || field->codec->agrees));
}

/* Whether reading the field gave nothing although the document has it: there was no memory. */
static bool is_lost(const struct aks_field *field, const json_t *from, const json_t *document)
{
    const json_t *present = field->path ? aks_document_get(document, field->path) : NULL;
    bool is_empty_text = json_is_string(present) && json_string_length(present) == 0;

    return !from && present && !json_is_null(present) && !is_empty_text && !(field->codec && field->codec->read);
}

static bool compare_value(const struct aks_field *field, const char *prefix, const json_t *wanted,
                          const json_t *document, struct aks_changes *changes, struct aks_error *error)
{
    json_t *from = aks_field_read(field, document);

    if (is_lost(field, from, document))
        return aks_error_set_no_memory(error);
    return add_change(changes, aks_text_format("%s%s", prefix, field->name), field, from, wanted, error);
}

static bool compare(const struct aks_fields *fields, const char *prefix, const json_t *spec, const json_t *document,
                    struct aks_changes *changes, struct aks_error *error)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct aks_field *field = &fields->items[i];
        const json_t *wanted = json_object_get(spec, field->name);
        bool done = true;

        if (!wanted || (field->flags & AKS_FIELD_READ_ONLY) || !is_comparable(field))
            continue;
        if (field->type == AKS_FIELD_RECORDS)
            done = compare_records(field, prefix, wanted, document, changes, error);
        else if (!aks_field_agrees(field, wanted, document))
            done = compare_value(field, prefix, wanted, document, changes, error);
        if (!done)
            return false;
    }
    return true;
}

bool aks_fields_compare(const struct aks_fields *fields, const json_t *spec, const json_t *document,
                        struct aks_changes *changes, struct aks_error *error)
{
    return compare(fields, "", spec, document, changes, error);
}

void aks_changes_clear(struct aks_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->items[i].name);
        json_decref(changes->items[i].from);
        json_decref(changes->items[i].to);
    }
    free(changes->items);
    *changes = (struct aks_changes){0};
}
