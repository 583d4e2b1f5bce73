/* Resource ids: parse, build, compare. Nothing of a request, nothing of JSON. */
#include "arm/id.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

#define SEGMENTS_LIMIT 64

/* A run of the id between two slashes. */
struct segment {
    const char *start;
    size_t length;
};

struct segments {
    struct segment items[SEGMENTS_LIMIT];
    size_t count;
};

static bool is_character(char character)
{
    return character > ' ' && character < 127 && !strchr("?#%\\", character);
}

static bool check_segment(const char *text, const struct segment *segment, struct aks_error *error)
{
    if (segment->length == 0)
        return aks_error_set(error, "id_invalid", "the resource id '%s' has an empty segment", text);
    if (segment->start[0] == '.' && (segment->length == 1 || (segment->length == 2 && segment->start[1] == '.')))
        return aks_error_set(error, "id_invalid", "the resource id '%s' has a segment '.' or '..'", text);
    for (size_t i = 0; i < segment->length; i++)
        if (!is_character(segment->start[i]))
            return aks_error_set(error, "id_invalid", "the resource id has an invalid character at byte %zu",
                                 (size_t)(segment->start + i - text) + 1);
    return true;
}

static bool split(const char *text, struct segments *segments, struct aks_error *error)
{
    const char *at = text;

    segments->count = 0;
    if (*at != '/')
        return aks_error_set(error, "id_invalid", "a resource id begins with '/': \"/subscriptions/...\"");
    while (*at == '/') {
        struct segment *segment = &segments->items[segments->count];

        if (segments->count == SEGMENTS_LIMIT)
            return aks_error_set(error, "id_invalid", "the resource id has more than %d segments", SEGMENTS_LIMIT);
        segment->start = at + 1;
        segment->length = strcspn(at + 1, "/");
        if (!check_segment(text, segment, error))
            return false;
        segments->count++;
        at = segment->start + segment->length;
    }
    return true;
}

static bool is_word(const struct segments *segments, size_t index, const char *word)
{
    const struct segment *segment = &segments->items[index];

    return index < segments->count && segment->length == strlen(word) &&
           aks_text_equal_fold_n(segment->start, word, segment->length);
}

static bool copy_segment(char **target, const struct segment *segment, struct aks_error *error)
{
    *target = aks_text_copy_n(segment->start, segment->length);
    return *target || aks_error_set_no_memory(error);
}

static bool copy_text(char **target, const char *text, struct aks_error *error)
{
    *target = strdup(text);
    return *target || aks_error_set_no_memory(error);
}

/* The id up to, and without, the segment at `index` becomes the parent; there is none above the first. */
static bool set_parent(struct aks_id *id, const struct segments *segments, size_t index, struct aks_error *error)
{
    if (index == 0)
        return true;
    id->parent = aks_text_copy_n(id->text, (size_t)(segments->items[index].start - 1 - id->text));
    return id->parent || aks_error_set_no_memory(error);
}

/* The leading "/subscriptions/S" and "/resourceGroups/G"; *next is the first segment behind them. */
static bool read_scope(struct aks_id *id, const struct segments *segments, size_t *next, struct aks_error *error)
{
    *next = 0;
    if (!is_word(segments, 0, "subscriptions"))
        return true;
    if (segments->count < 2)
        return aks_error_set(error, "id_invalid", "a subscription is missing behind '%s'", id->text);
    if (!copy_segment(&id->subscription, &segments->items[1], error))
        return false;
    *next = 2;
    if (!is_word(segments, 2, "resourceGroups"))
        return true;
    if (segments->count < 4)
        return aks_error_set(error, "id_invalid", "the name of a resource group is missing behind '%s'", id->text);
    *next = 4;
    return copy_segment(&id->resource_group, &segments->items[3], error);
}

/* "Namespace/type/childType" of the pairs in [first, end), where `first` is the namespace. */
static bool set_type(struct aks_id *id, const struct segments *segments, size_t first, size_t end,
                     struct aks_error *error)
{
    struct aks_buffer type;
    bool done;

    aks_buffer_init(&type, AKS_ID_LIMIT);
    done = aks_buffer_append(&type, segments->items[first].start, segments->items[first].length);
    for (size_t i = first + 1; i < end; i += 2)
        done = done && aks_buffer_append_text(&type, "/") &&
               aks_buffer_append(&type, segments->items[i].start, segments->items[i].length);
    id->type = done ? aks_buffer_take(&type) : NULL;
    aks_buffer_clear(&type);
    return id->type || aks_error_set_no_memory(error);
}

/* The pairs of a type and a name behind the namespace at `first`; *end is behind the last of them. A pair's type may be
   the word "providers" only right behind the namespace (Microsoft.Features has that); later it begins an extension. */
static bool read_pairs(const struct aks_id *id, const struct segments *segments, size_t first, size_t *end,
                       struct aks_error *error)
{
    size_t at = first + 1;

    do {
        if (at + 1 >= segments->count)
            return aks_error_set(error, "id_invalid", "a type and a name are expected at the end of '%s'", id->text);
        at += 2;
    } while (at < segments->count && !is_word(segments, at, "providers"));
    *end = at;
    return true;
}

static bool read_providers(struct aks_id *id, const struct segments *segments, size_t next, struct aks_error *error)
{
    size_t namespace = 0;
    size_t scope = next;

    while (next < segments->count) {
        if (!is_word(segments, next, "providers"))
            return aks_error_set(error, "id_invalid", "'providers' is expected instead of '%.*s' in '%s'",
                                 (int)segments->items[next].length, segments->items[next].start, id->text);
        if (next + 1 >= segments->count)
            return aks_error_set(error, "id_invalid", "a namespace such as Microsoft.Network is missing behind '%s'",
                                 id->text);
        scope = next;
        namespace = next + 1;
        if (!read_pairs(id, segments, namespace, &next, error))
            return false;
    }
    /* A child's parent is the id without the last pair, a resource's of its own the scope before "providers". */
    return set_type(id, segments, namespace, segments->count, error) &&
           set_parent(id, segments, segments->count - namespace > 3 ? segments->count - 2 : scope, error);
}

/* "/subscriptions/S/providers/NAMESPACE": the registration of a resource provider. */
static bool is_registration(const struct segments *segments)
{
    return segments->count == 4 && is_word(segments, 0, "subscriptions") && is_word(segments, 2, "providers");
}

static bool read_parts(struct aks_id *id, const struct segments *segments, struct aks_error *error)
{
    size_t next;

    if (!copy_segment(&id->name, &segments->items[segments->count - 1], error) ||
        !read_scope(id, segments, &next, error))
        return false;
    if (is_registration(segments))
        return copy_text(&id->type, "Microsoft.Resources/providers", error) && set_parent(id, segments, 2, error);
    if (next < segments->count)
        return read_providers(id, segments, next, error);
    if (next == 4)
        return copy_text(&id->type, "Microsoft.Resources/resourceGroups", error) && set_parent(id, segments, 2, error);
    return copy_text(&id->type, "Microsoft.Resources/subscriptions", error);
}

bool aks_id_parse(const char *text, struct aks_id *id, struct aks_error *error)
{
    struct segments segments;

    *id = (struct aks_id){0};
    if (strlen(text) > AKS_ID_LIMIT)
        return aks_error_set(error, "id_invalid", "the resource id is longer than %d bytes", AKS_ID_LIMIT);
    if (!copy_text(&id->text, text, error))
        return false;
    if (split(id->text, &segments, error) && read_parts(id, &segments, error))
        return true;
    aks_id_clear(id);
    return false;
}

static bool copy_part(char **target, const char *text)
{
    *target = text ? strdup(text) : NULL;
    return !text || *target;
}

bool aks_id_copy(struct aks_id *target, const struct aks_id *source, struct aks_error *error)
{
    bool done;

    *target = (struct aks_id){0};
    done = copy_part(&target->text, source->text) && copy_part(&target->subscription, source->subscription) &&
           copy_part(&target->resource_group, source->resource_group) && copy_part(&target->type, source->type) &&
           copy_part(&target->name, source->name) && copy_part(&target->parent, source->parent);
    if (done)
        return true;
    aks_id_clear(target);
    return aks_error_set_no_memory(error);
}

void aks_id_clear(struct aks_id *id)
{
    free(id->text);
    free(id->subscription);
    free(id->resource_group);
    free(id->type);
    free(id->name);
    free(id->parent);
    *id = (struct aks_id){0};
}

static size_t trimmed_length(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && text[length - 1] == '/' ? length - 1 : length;
}

/* Types of Resource Manager itself, which stand in ids under a word of their own. */
static const struct {
    const char *type;
    const char *words;
} own_types[] = {
    {"Microsoft.Resources/subscriptions", "/subscriptions"},
    {"Microsoft.Resources/resourceGroups", "/resourceGroups"},
    {"Microsoft.Resources/providers", "/providers"},
};

/* What stands between the parent and the name; NULL for want of memory. */
static char *connection(const struct aks_id *parent, const char *type)
{
    size_t length = parent->type ? strlen(parent->type) : 0;

    if (length > 0 && aks_text_equal_fold_n(type, parent->type, length) && type[length] == '/' &&
        !strchr(type + length + 1, '/'))
        return strdup(type + length);
    for (size_t i = 0; i < sizeof own_types / sizeof *own_types; i++)
        if (aks_text_equal_fold(type, own_types[i].type))
            return strdup(own_types[i].words);
    return aks_text_format("/providers/%s", type);
}

/* `parent` without a trailing '/', "" for the tenant. */
static bool build_text(const char *parent, const char *type, const char *name, char **text, struct aks_error *error)
{
    struct aks_id scope = {0};
    char *between;

    if (*parent != '\0' && !aks_id_parse(parent, &scope, error))
        return false;
    between = connection(&scope, type);
    aks_id_clear(&scope);
    *text = between ? aks_text_format("%s%s/%s", parent, between, name) : NULL;
    free(between);
    return *text || aks_error_set_no_memory(error);
}

bool aks_id_build(const char *parent, const char *type, const char *name, struct aks_id *id, struct aks_error *error)
{
    char *scope = aks_text_copy_n(parent, trimmed_length(parent));
    char *text = NULL;
    bool done;

    *id = (struct aks_id){0};
    if (!scope)
        return aks_error_set_no_memory(error);
    done = build_text(scope, type, name, &text, error) && aks_id_parse(text, id, error);
    free(scope);
    free(text);
    if (!done)
        return false;
    /* A name with a slash, or a type that does not go with the parent, reads as something else. */
    if (aks_text_equal_fold(id->type, type) && strcmp(id->name, name) == 0)
        return true;
    aks_error_set(error, "id_invalid", "no id for '%s' of type %s below '%s'", name, type, parent);
    aks_id_clear(id);
    return false;
}

bool aks_id_equal(const char *a, const char *b)
{
    size_t length = trimmed_length(a);

    return length == trimmed_length(b) && aks_text_equal_fold_n(a, b, length);
}

bool aks_id_is_within(const char *id, const char *scope)
{
    size_t length = trimmed_length(scope);

    return trimmed_length(id) >= length && aks_text_equal_fold_n(id, scope, length) &&
           (id[length] == '\0' || id[length] == '/');
}
