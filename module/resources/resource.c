/* A resource as declared: its identity, its spec, and what it refers to. What is read of it and sent for it is in
   resource_document.c. */
#include "resources/resource.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/name.h"

/* Takes `spec`; Lua's empty table may come as a list. */
static bool take_spec(struct aks_resource *resource, json_t *spec, struct aks_findings *findings)
{
    bool is_table = json_is_object(spec) || (json_is_array(spec) && json_array_size(spec) == 0);
    bool done = true;

    if (!spec)
        return true;
    if (json_is_object(spec))
        resource->spec = json_incref(spec);
    else if (is_table)
        done = (resource->spec = json_object());
    else
        done = aks_findings_add(findings, "type_mismatch", AKS_SEVERITY_ERROR, resource->title, NULL,
                                "give the fields in a table", "the spec of a %s is a table", resource->type->title);
    json_decref(spec);
    return done;
}

static bool check_name(const struct aks_resource *resource, const char *name, struct aks_findings *findings)
{
    const struct aks_type *type = resource->type;
    const struct aks_name_rule *rule = type->name_rule ? aks_name_rule_find(type->name_rule) : NULL;
    enum aks_name_fault fault;

    if (!rule || aks_name_is_valid(rule, name, &fault))
        return true;
    return aks_findings_add(findings, "name_invalid", AKS_SEVERITY_ERROR, resource->title, "name", "give another name",
                            "the name '%.100s' %s; %s names have %s", name, aks_name_fault_text(fault), type->title,
                            rule->words);
}

static bool check_spec(const struct aks_resource *resource, struct aks_findings *findings)
{
    const struct aks_type *type = resource->type;

    if (!resource->spec)
        return true;
    return aks_fields_check(&type->fields, resource->title, resource->spec, findings) &&
           (!type->check || type->check(resource, findings));
}

/* The spec is taken first: a role assignment's title is that of its role. */
static char *make_title(const struct aks_type *type, const char *parent, const char *name, const json_t *spec)
{
    const char *role = json_string_value(json_object_get(spec, "role"));
    const char *last = strrchr(parent, '/');

    if (name)
        return aks_text_format("%s '%.100s'", type->title, name);
    if (type->flags & AKS_TYPE_TENTATIVE)
        return aks_text_format("%s '%.100s' on '%.100s'", type->title, role ? role : "?", last ? last + 1 : parent);
    return aks_text_format("%s '%.100s'", type->title, last ? last + 1 : parent);
}

static bool copy_text(char **target, const char *text, struct aks_error *error)
{
    *target = strdup(text);
    return *target || aks_error_set_no_memory(error);
}

/* A tentative resource has a scope, and no id yet. */
static bool set_scope(struct aks_resource *resource, const char *scope, struct aks_error *error)
{
    struct aks_id parsed = {0};

    if (!aks_id_parse(scope, &parsed, error))
        return false;
    resource->id.subscription = parsed.subscription;
    resource->id.resource_group = parsed.resource_group;
    parsed.subscription = parsed.resource_group = NULL;
    aks_id_clear(&parsed);
    return copy_text(&resource->id.text, "", error) && copy_text(&resource->id.type, resource->type->arm_type, error) &&
           copy_text(&resource->id.parent, scope, error);
}

/* "NAMESPACE/FEATURE" stands as "NAMESPACE/features/FEATURE". */
static char *join_text(const struct aks_type *type, const char *parent, const char *name)
{
    const char *slash = strchr(name, '/'), *segment = strrchr(type->arm_type, '/');

    if (!slash)
        return aks_text_format("%s%s%s", parent, type->id_path, name);
    return aks_text_format("%s%s%.*s%s%s", parent, type->id_path, (int)(slash - name), name, segment, slash);
}

/* An id whose form is its type's own. */
static bool join_id(struct aks_resource *resource, const char *parent, const char *name, struct aks_error *error)
{
    struct aks_id *id = &resource->id;
    struct aks_id above = {0};

    if (!aks_id_parse(parent, &above, error))
        return false;
    id->subscription = above.subscription;
    above.subscription = NULL;
    aks_id_clear(&above);
    id->text = join_text(resource->type, parent, name);
    if (!id->text)
        return aks_error_set_no_memory(error);
    return copy_text(&id->parent, parent, error) && copy_text(&id->name, name, error) &&
           copy_text(&id->type, resource->type->arm_type, error);
}

static bool set_id(struct aks_resource *resource, const char *parent, const char *name, struct aks_error *error)
{
    const struct aks_type *type = resource->type;

    if (type->flags & AKS_TYPE_TENTATIVE)
        return set_scope(resource, parent, error);
    if (!type->arm_type)
        return aks_id_parse(parent, &resource->id, error);
    if (type->id_path)
        return join_id(resource, parent, name, error);
    return aks_id_build(parent, type->arm_type, name, &resource->id, error);
}

static bool set_location(struct aks_resource *resource, const char *location, struct aks_error *error)
{
    const char *declared = json_string_value(aks_resource_declared(resource, "location"));

    if (!declared)
        declared = location;
    return !declared || copy_text(&resource->location, declared, error);
}

/* Findings on name and spec, or what the spec implies. */
static bool check(struct aks_resource *resource, const char *name, struct aks_findings *findings,
                  struct aks_error *error)
{
    const struct aks_type *type = resource->type;
    bool done = (!name || check_name(resource, name, findings)) && check_spec(resource, findings);

    if (done && aks_findings_refuse(findings)) {
        aks_error_note(&error->resource, resource->title);
        return aks_error_set_findings(error, findings);
    }
    if (done && resource->spec && type->complete)
        done = type->complete(resource->spec);
    return done || aks_error_set_no_memory(error);
}

static bool set_up(struct aks_resource *resource, const char *parent, const char *name, json_t *spec,
                   const char *location, struct aks_error *error)
{
    struct aks_findings findings = {0};
    bool done;

    resource->title = make_title(resource->type, parent, name, spec);
    done = take_spec(resource, spec, &findings);
    if (!resource->title || !done)
        done = aks_error_set_no_memory(error);
    done = done && check(resource, name, &findings, error) && set_id(resource, parent, name, error) &&
           set_location(resource, location, error);
    aks_findings_clear(&findings);
    return done;
}

struct aks_resource *aks_resource_new(struct aks_session *session, const struct aks_type *type, const char *parent,
                                      const char *name, json_t *spec, const char *location, struct aks_error *error)
{
    struct aks_resource *resource = calloc(1, sizeof *resource);

    if (!resource) {
        json_decref(spec);
        aks_error_set_no_memory(error);
        return NULL;
    }
    resource->references = 1;
    resource->session = session ? aks_session_retain(session) : NULL;
    resource->type = type;
    if (set_up(resource, parent, name, spec, location, error))
        return resource;
    aks_resource_release(resource);
    return NULL;
}

struct aks_resource *aks_resource_retain(struct aks_resource *resource)
{
    resource->references++;
    return resource;
}

static void remove_from(struct aks_resource **list, size_t *count, const struct aks_resource *resource)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == resource) {
            memmove(&list[i], &list[i + 1], (--*count - i) * sizeof(struct aks_resource *));
            return;
        }
}

void aks_resource_forget_references(struct aks_resource *resource)
{
    for (size_t i = 0; i < resource->refer_count; i++) {
        struct aks_resource *other = resource->refers[i].resource;

        remove_from(other->referrers, &other->referrer_count, resource);
        aks_resource_release(other);
    }
    resource->refer_count = 0;
}

static void free_resource(struct aks_resource *resource)
{
    aks_resource_forget_references(resource);
    if (resource->parent)
        remove_from(resource->parent->declared, &resource->parent->declared_count, resource);
    for (size_t i = 0; i < resource->declared_count; i++)
        resource->declared[i]->parent = NULL;
    for (size_t i = 0; i < resource->child_count; i++)
        aks_resource_release(resource->children[i]);
    free(resource->refers);
    free(resource->referrers);
    free(resource->declared);
    free(resource->children);
    free(resource->title);
    free(resource->location);
    json_decref(resource->spec);
    json_decref(resource->state);
    aks_id_clear(&resource->id);
    aks_session_release(resource->session);
    free(resource);
}

void aks_resource_release(struct aks_resource *resource)
{
    if (resource && --resource->references == 0)
        free_resource(resource);
}

bool aks_resource_add_child(struct aks_resource *parent, struct aks_resource *child, struct aks_error *error)
{
    struct aks_resource **children;

    for (size_t i = 0; i < parent->child_count; i++)
        if (aks_text_equal_fold(parent->children[i]->id.name, child->id.name)) {
            aks_resource_retain(child);
            aks_resource_release(parent->children[i]);
            parent->children[i] = child;
            return true;
        }
    children = realloc(parent->children, (parent->child_count + 1) * sizeof(struct aks_resource *));
    if (!children)
        return aks_error_set_no_memory(error);
    parent->children = children;
    children[parent->child_count++] = aks_resource_retain(child);
    return true;
}

static bool append(struct aks_resource ***list, size_t *count, struct aks_resource *resource)
{
    struct aks_resource **items = realloc(*list, (*count + 1) * sizeof(struct aks_resource *));

    if (!items)
        return false;
    *list = items;
    items[(*count)++] = resource;
    return true;
}

bool aks_resource_set_parent(struct aks_resource *resource, struct aks_resource *parent, struct aks_error *error)
{
    if (!append(&parent->declared, &parent->declared_count, resource))
        return aks_error_set_no_memory(error);
    resource->parent = parent;
    return true;
}

bool aks_resource_relate(const struct aks_resource *resource, struct aks_findings *findings)
{
    return !resource->spec || !resource->type->relate || resource->type->relate(resource, findings);
}

bool aks_resource_add_reference(struct aks_resource *resource, const struct aks_field *field,
                                struct aks_resource *other, struct aks_error *error)
{
    struct aks_reference *refers = realloc(resource->refers, (resource->refer_count + 1) * sizeof *refers);

    if (refers)
        resource->refers = refers;
    if (!refers || !append(&other->referrers, &other->referrer_count, resource))
        return aks_error_set_no_memory(error);
    refers[resource->refer_count++] = (struct aks_reference){.field = field, .resource = aks_resource_retain(other)};
    return true;
}

struct aks_resource *aks_resource_referred(const struct aks_resource *resource, const char *field)
{
    for (size_t i = 0; i < resource->refer_count; i++)
        if (strcmp(resource->refers[i].field->name, field) == 0)
            return resource->refers[i].resource;
    return NULL;
}

struct aks_resource *aks_resource_referred_to(const struct aks_resource *resource, const char *id)
{
    for (size_t i = 0; i < resource->refer_count; i++)
        if (aks_id_equal(resource->refers[i].resource->id.text, id))
            return resource->refers[i].resource;
    return NULL;
}

const json_t *aks_resource_declared(const struct aks_resource *resource, const char *name)
{
    return json_object_get(resource->spec, name);
}
