/* JSON text to values and back with bounds on size and depth, and members by dotted path. Knows nothing of what the
   members mean. */
#include "arm/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* One step of a path: a member's name, or an element in brackets. */
enum step_kind { STEP_NONE, STEP_MEMBER, STEP_ELEMENT, STEP_EVERY, STEP_BAD };

struct step {
    enum step_kind kind;
    const char *name; /* into the path */
    size_t length;
    size_t index;
    const char *rest; /* the path behind this step */
};

static struct step read_bracket(const char *path)
{
    struct step step = {.kind = STEP_BAD, .rest = path};
    const char *text = path + 1;

    if (text[0] == '*' && text[1] == ']') {
        step.kind = STEP_EVERY;
        step.rest = text + 2;
    } else if (*text >= '0' && *text <= '9') {
        char *end;

        step.index = strtoul(text, &end, 10);
        if (*end == ']') {
            step.kind = STEP_ELEMENT;
            step.rest = end + 1;
        }
    }
    return step;
}

static struct step read_step(const char *path)
{
    struct step step = {.kind = STEP_NONE, .rest = path};

    if (*path == '\0')
        return step;
    if (*path == '[')
        return read_bracket(path);
    if (*path == '.')
        path++;
    step.name = path;
    step.length = strcspn(path, ".[");
    step.rest = path + step.length;
    step.kind = step.length > 0 ? STEP_MEMBER : STEP_BAD;
    return step;
}

static bool is_shallow(const json_t *value, unsigned depth)
{
    if (!json_is_object(value) && !json_is_array(value))
        return true;
    if (depth >= AKS_DOCUMENT_DEPTH_LIMIT)
        return false;
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!is_shallow(json_array_get(value, i), depth + 1))
                return false;
        return true;
    }
    /* The iterator's functions take a json_t * that is not const, but do not change it. */
    for (void *at = json_object_iter((json_t *)value); at; at = json_object_iter_next((json_t *)value, at))
        if (!is_shallow(json_object_iter_value(at), depth + 1))
            return false;
    return true;
}

bool aks_document_is_shallow(const json_t *value)
{
    return is_shallow(value, 0);
}

static void set_parse_error(struct aks_error *error, const json_error_t *fault)
{
    switch (json_error_code(fault)) {
    case json_error_out_of_memory:
        aks_error_set_no_memory(error);
        break;
    case json_error_stack_overflow:
        aks_error_set(error, "response_invalid", "the JSON is nested deeper than %d levels", AKS_DOCUMENT_DEPTH_LIMIT);
        break;
    default:
        aks_error_set(error, "response_invalid", "not JSON: line %d, column %d: %s", fault->line, fault->column,
                      fault->text);
    }
}

json_t *aks_document_parse(const char *text, size_t length, struct aks_error *error)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* some front doors begin with a byte order mark */
    json_error_t fault;
    json_t *value;

    if (length > AKS_DOCUMENT_SIZE_LIMIT) {
        aks_error_set(error, "response_invalid", "the JSON has more than %d bytes", AKS_DOCUMENT_SIZE_LIMIT);
        return NULL;
    }
    if (length >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        length -= 3;
    }
    /* NUL is allowed in strings: logs of commands that ran in a cluster may have one. */
    value = json_loadb(length > 0 ? text : "", length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &fault);
    if (!value) {
        set_parse_error(error, &fault);
        return NULL;
    }
    if (!aks_document_is_shallow(value)) {
        json_decref(value);
        aks_error_set(error, "response_invalid", "the JSON is nested deeper than %d levels", AKS_DOCUMENT_DEPTH_LIMIT);
        return NULL;
    }
    return value;
}

static int append_text(const char *text, size_t length, void *context)
{
    return aks_buffer_append(context, text, length) ? 0 : -1;
}

char *aks_document_text(const json_t *value, struct aks_error *error)
{
    struct aks_buffer buffer;
    char *text = NULL;

    if (!aks_document_is_shallow(value)) {
        aks_error_set(error, "document_invalid", "the document is nested deeper than %d levels",
                      AKS_DOCUMENT_DEPTH_LIMIT);
        return NULL;
    }
    aks_buffer_init(&buffer, AKS_DOCUMENT_SIZE_LIMIT);
    /* Not json_dumps: what it returns must be freed with jansson's allocator, which a host may have replaced. */
    if (json_dump_callback(value, append_text, &buffer, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
        text = aks_buffer_take(&buffer);
    aks_buffer_clear(&buffer);
    if (!text)
        aks_error_set_no_memory(error);
    return text;
}

json_t *aks_document_get(const json_t *document, const char *path)
{
    const json_t *value = document;

    while (value) {
        struct step step = read_step(path);

        switch (step.kind) {
        case STEP_NONE:
            return (json_t *)value;
        case STEP_MEMBER:
            value = json_object_getn(value, step.name, step.length);
            break;
        case STEP_ELEMENT:
            value = json_array_get(value, step.index);
            break;
        default:
            return NULL;
        }
        path = step.rest;
    }
    return NULL;
}

const char *aks_document_text_at(const json_t *document, const char *path)
{
    return json_string_value(aks_document_get(document, path));
}

static bool set_at(json_t *container, const char *path, json_t *value, unsigned depth);

/* What a container must be for the next step to enter it. */
static json_t *new_container(const struct step *next)
{
    return next->kind == STEP_MEMBER ? json_object() : json_array();
}

static bool put(json_t *container, const struct step *step, json_t *value)
{
    if (step->kind == STEP_MEMBER)
        return json_object_setn(container, step->name, step->length, value) == 0;
    if (step->index == json_array_size(container))
        return json_array_append(container, value) == 0;
    return json_array_set(container, step->index, value) == 0;
}

static bool set_every(json_t *array, const char *path, json_t *value, unsigned depth)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *copy = json_deep_copy(value); /* elements must not share what is changed in one of them later */
        bool done;

        if (*path == '\0')
            done = copy && json_array_set(array, i, copy) == 0;
        else
            done = copy && set_at(json_array_get(array, i), path, copy, depth);
        json_decref(copy);
        if (!done)
            return false;
    }
    return true;
}

/* Enters the member or element that the step names, making it where it is absent or null. */
static bool set_below(json_t *container, const struct step *step, json_t *value, unsigned depth)
{
    struct step next = read_step(step->rest);
    json_t *child = step->kind == STEP_MEMBER ? json_object_getn(container, step->name, step->length)
                                              : json_array_get(container, step->index);
    bool done;

    if (child && !json_is_null(child))
        return set_at(child, step->rest, value, depth + 1);
    if (next.kind == STEP_EVERY)
        return true; /* no array, no elements */
    child = new_container(&next);
    done = child && set_at(child, step->rest, value, depth + 1) && put(container, step, child);
    json_decref(child);
    return done;
}

static bool set_at(json_t *container, const char *path, json_t *value, unsigned depth)
{
    struct step step = read_step(path);

    if (depth >= AKS_DOCUMENT_DEPTH_LIMIT)
        return false;
    switch (step.kind) {
    case STEP_MEMBER:
        if (!json_is_object(container))
            return false;
        break;
    case STEP_ELEMENT:
        if (!json_is_array(container))
            return false;
        break;
    case STEP_EVERY:
        return json_is_array(container) && set_every(container, step.rest, value, depth + 1);
    default:
        return false;
    }
    return *step.rest == '\0' ? put(container, &step, value) : set_below(container, &step, value, depth);
}

bool aks_document_set(json_t *document, const char *path, json_t *value)
{
    bool done = value && set_at(document, path, value, 0);

    json_decref(value);
    return done;
}

static void delete_at(json_t *container, const char *path, unsigned depth)
{
    struct step step = read_step(path);
    bool last = *step.rest == '\0';

    if (depth >= AKS_DOCUMENT_DEPTH_LIMIT)
        return;
    if (step.kind == STEP_MEMBER) {
        json_t *child = json_object_getn(container, step.name, step.length);

        if (child && last)
            json_object_deln(container, step.name, step.length);
        else if (child)
            delete_at(child, step.rest, depth + 1);
    } else if (step.kind == STEP_ELEMENT) {
        if (last)
            json_array_remove(container, step.index);
        else
            delete_at(json_array_get(container, step.index), step.rest, depth + 1);
    } else if (step.kind == STEP_EVERY && last) {
        json_array_clear(container);
    } else if (step.kind == STEP_EVERY) {
        for (size_t i = 0; i < json_array_size(container); i++)
            delete_at(json_array_get(container, i), step.rest, depth + 1);
    }
}

void aks_document_delete(json_t *document, const char *path)
{
    delete_at(document, path, 0);
}
