/* A resource and its ARM document: the state that was read, the body that is sent, the difference between them. */
#include "resources/resource.h"

#include <stdlib.h>
#include <string.h>

#include "arm/document.h"
#include "resources/field_value.h"

/* Where in the document the type's fields are; borrowed, NULL when it has nothing there. */
static json_t *fields_in(const struct aks_type *type, const json_t *document)
{
    return type->root ? json_object_get(document, type->root) : (json_t *)document;
}

/* The same, made where it is missing; NULL for want of memory. */
static json_t *make_fields_in(const struct aks_type *type, json_t *document)
{
    if (type->root && !json_is_object(json_object_get(document, type->root)) &&
        json_object_set_new(document, type->root, json_object()) != 0)
        return NULL;
    return fields_in(type, document);
}

static bool write_fields(const struct aks_type *type, const json_t *spec, json_t *document, struct aks_error *error)
{
    json_t *place = make_fields_in(type, document);

    return place ? aks_fields_write(&type->fields, spec, place, error) : aks_error_set_no_memory(error);
}

/* The part of a child in the document of its parent; borrowed, NULL when it is not there. */
static json_t *part_of(const struct aks_resource *child, const struct aks_resource *parent, const json_t *document)
{
    return aks_records_find(aks_document_get(document, parent->type->embedded_path), child->id.name);
}

static void set_document(struct aks_resource *resource, json_t *document)
{
    json_decref(resource->state);
    resource->state = document;
    resource->read = true;
}

/* A resource whose location nobody knew yet is where Azure says. */
static bool learn_location(struct aks_resource *resource, struct aks_error *error)
{
    const char *location = aks_document_text_at(resource->state, "location");

    if (resource->location || !location)
        return true;
    resource->location = strdup(location);
    return resource->location || aks_error_set_no_memory(error);
}

bool aks_resource_set_state(struct aks_resource *resource, json_t *document, struct aks_error *error)
{
    set_document(resource, document);
    for (size_t i = 0; i < resource->child_count; i++) {
        struct aks_resource *child = resource->children[i];

        set_document(child, json_incref(part_of(child, resource, document)));
    }
    return learn_location(resource, error);
}

json_t *aks_resource_field(const struct aks_resource *resource, const char *name)
{
    const struct aks_field *field = aks_fields_find(&resource->type->fields, name);
    json_t *value = field && resource->state ? aks_field_read(field, fields_in(resource->type, resource->state)) : NULL;

    return value || !field ? value : json_deep_copy(aks_resource_declared(resource, name));
}

const char *aks_resource_provisioning_state(const struct aks_resource *resource)
{
    return aks_document_text_at(resource->state, "properties.provisioningState");
}

/* Children in their parent's document keep their names, by which they are told apart. */
static void strip(const struct aks_type *type, json_t *document, bool is_child)
{
    for (const char *const *path = type->stripped; path && *path; path++)
        if (!is_child || strcmp(*path, "name") != 0)
            aks_document_delete(document, *path);
}

static bool strip_all(const struct aks_type *type, json_t *document, struct aks_error *error)
{
    const struct aks_type *child = type->embedded ? aks_type_find(type->embedded) : NULL;
    json_t *parts = child ? aks_document_get(document, type->embedded_path) : NULL;

    strip(type, document, false);
    for (size_t i = 0; i < json_array_size(parts); i++)
        strip(child, json_array_get(parts, i), true);
    return !type->tidy || type->tidy(document) || aks_error_set_no_memory(error);
}

/* A new resource goes where its parent is. */
static bool write_location(const struct aks_resource *resource, json_t *body, struct aks_error *error)
{
    json_t *spec;
    bool done;

    if (!(resource->type->flags & AKS_TYPE_LOCATED) || !resource->location || json_object_get(body, "location"))
        return true;
    spec = json_pack("{s:s}", "location", resource->location);
    done = spec ? write_fields(resource->type, spec, body, error) : aks_error_set_no_memory(error);
    json_decref(spec);
    return done;
}

/* Puts the child's part, taken, in its place in the list. */
static bool put_part(json_t *list, const char *name, json_t *part)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_array_get(list, i) == aks_records_find(list, name))
            return json_array_set_new(list, i, part) == 0;
    return json_array_append_new(list, part) == 0;
}

static bool write_child(const struct aks_resource *resource, const struct aks_resource *child, json_t *body,
                        struct aks_error *error)
{
    const char *path = resource->type->embedded_path;
    json_t *part;

    if (!child->spec)
        return true; /* nothing was declared of it: as it is, or not at all */
    if (!json_is_array(aks_document_get(body, path)) && !aks_field_put(body, path, json_array(), error))
        return false;
    part = aks_resource_body(child, part_of(child, resource, body), error);
    if (!part)
        return false;
    if (json_object_set_new(part, "name", json_string(child->id.name)) != 0) {
        json_decref(part);
        return aks_error_set_no_memory(error);
    }
    return put_part(aks_document_get(body, path), child->id.name, part) || aks_error_set_no_memory(error);
}

static bool write_body(const struct aks_resource *resource, bool fresh, json_t *body, struct aks_error *error)
{
    const struct aks_type *type = resource->type;

    if (resource->spec && !write_fields(type, resource->spec, body, error))
        return false;
    if (!write_location(resource, body, error))
        return false;
    for (size_t i = 0; i < resource->child_count; i++)
        if (!write_child(resource, resource->children[i], body, error))
            return false;
    /* Only now: whether a field agrees may be told by what Azure sets. */
    return strip_all(type, body, error) && (!type->compose || type->compose(resource, fresh, body, error));
}

json_t *aks_resource_body(const struct aks_resource *resource, const json_t *document, struct aks_error *error)
{
    json_t *body = document ? json_deep_copy(document) : json_object();

    if (!body) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    if (write_body(resource, !document, body, error))
        return body;
    json_decref(body);
    return NULL;
}

json_t *aks_resource_unchanged(const struct aks_resource *resource, struct aks_error *error)
{
    json_t *body = json_deep_copy(resource->state);

    if (!body) {
        aks_error_set_no_memory(error);
        return NULL;
    }
    if (strip_all(resource->type, body, error))
        return body;
    json_decref(body);
    return NULL;
}

static bool refuse_change(const struct aks_resource *resource, const struct aks_change *change,
                          struct aks_findings *findings)
{
    return aks_findings_add(findings, "field_create_only", AKS_SEVERITY_ERROR, resource->title, change->name,
                            "keep the value it was created with, or delete it and create it anew",
                            "field '%s' is %s and cannot become %s: it is set when the resource is created",
                            change->name, aks_value_quote(change->from).text, aks_value_quote(change->to).text);
}

static bool compare_fields(const struct aks_resource *resource, const json_t *document, size_t *count,
                           struct aks_findings *findings, struct aks_error *error)
{
    struct aks_changes changes = {0};
    bool done = aks_fields_compare(&resource->type->fields, resource->spec, fields_in(resource->type, document),
                                   &changes, error);

    for (size_t i = 0; done && i < changes.count; i++)
        if (changes.items[i].field->flags & AKS_FIELD_CREATE_ONLY)
            done = refuse_change(resource, &changes.items[i], findings) || aks_error_set_no_memory(error);
    *count += changes.count;
    aks_changes_clear(&changes);
    return done;
}

static bool compare_all(const struct aks_resource *resource, const json_t *document, size_t *count,
                        struct aks_findings *findings, struct aks_error *error)
{
    if (!document) {
        *count += resource->spec != NULL; /* to be created */
        return true;
    }
    if (resource->spec && !compare_fields(resource, document, count, findings, error))
        return false;
    for (size_t i = 0; i < resource->child_count; i++) {
        const struct aks_resource *child = resource->children[i];

        if (!compare_all(child, part_of(child, resource, document), count, findings, error))
            return false;
    }
    return true;
}

bool aks_resource_compare(const struct aks_resource *resource, const json_t *document, size_t *count,
                          struct aks_findings *findings, struct aks_error *error)
{
    *count = 0;
    return compare_all(resource, document, count, findings, error);
}
