/* Text -> YAML document, event by event, so that a limit is met before memory is spent. */
#include "kubeconfig/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A collection that has been opened and not closed. */
struct frame {
    int node;
    int key;       /* of a mapping: the key that waits for its value */
    int anchor;    /* index + 1 */
    int height;    /* levels in it */
    long expanded; /* nodes in it, itself included, every alias counted as what it stands for */
};

struct anchor {
    char *name;
    int node;
    int height;
    long expanded; /* 0: not closed yet */
};

struct loader {
    struct aks_yaml *yaml;
    struct aks_error *error;
    yaml_parser_t parser;
    yaml_event_t event;
    int document_count;
    int depth;
    struct frame frames[AKS_YAML_DEPTH_LIMIT];
    size_t anchor_count;
    struct anchor anchors[AKS_YAML_ANCHOR_LIMIT];
};

/* Refuses what is at the event's place. */
static bool refuse(struct loader *loader, const char *why)
{
    const yaml_mark_t *mark = &loader->event.start_mark;

    return aks_error_set(loader->error, "kubeconfig_invalid", "%s: line %zu, column %zu: %s", loader->yaml->name,
                         mark->line + 1, mark->column + 1, why);
}

/* libyaml's own words are about structure and have nothing of the text. */
static bool refuse_syntax(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    const char *problem = parser->problem ? parser->problem : "not YAML";

    if (parser->error == YAML_MEMORY_ERROR)
        return aks_error_set_no_memory(loader->error);
    if (parser->error == YAML_READER_ERROR)
        return aks_error_set(loader->error, "kubeconfig_invalid", "%s: byte %zu: %s", loader->yaml->name,
                             parser->problem_offset + 1, problem);
    return aks_error_set(loader->error, "kubeconfig_invalid", "%s: line %zu, column %zu: %s%s%s", loader->yaml->name,
                         parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                         parser->context ? parser->context : "", parser->context ? ", " : "", problem);
}

/* Notes where a node that was just added begins. */
static bool mark_node(struct loader *loader, int node)
{
    if (!node)
        return aks_error_set_no_memory(loader->error);
    aks_yaml_node(loader->yaml, node)->start_mark = loader->event.start_mark;
    if (node > AKS_YAML_NODE_LIMIT)
        return refuse(loader, "too many nodes");
    return true;
}

static bool add_anchor(struct loader *loader, const yaml_char_t *name, int node, long expanded)
{
    struct anchor *anchor;

    if (loader->anchor_count == AKS_YAML_ANCHOR_LIMIT)
        return refuse(loader, "too many anchors");
    anchor = &loader->anchors[loader->anchor_count];
    *anchor = (struct anchor){.name = strdup((const char *)name), .node = node, .expanded = expanded};
    if (!anchor->name)
        return aks_error_set_no_memory(loader->error);
    loader->anchor_count++;
    return true;
}

/* The last one of a name counts (YAML 1.2.2 section 3.2.2.2). */
static const struct anchor *find_anchor(const struct loader *loader, const char *name)
{
    for (size_t i = loader->anchor_count; i > 0; i--)
        if (strcmp(loader->anchors[i - 1].name, name) == 0)
            return &loader->anchors[i - 1];
    return NULL;
}

static bool take_key(struct loader *loader, struct frame *frame, int node)
{
    yaml_document_t *document = &loader->yaml->document;
    const yaml_node_t *mapping = yaml_document_get_node(document, frame->node);
    const yaml_node_t *key = yaml_document_get_node(document, node);
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start, *end = mapping->data.mapping.pairs.top;

    if (key->type != YAML_SCALAR_NODE)
        return refuse(loader, "a key must be a scalar");
    if (key->data.scalar.length == 0 && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return refuse(loader, "a key is missing"); /* it would be null, which cannot be written as a key */
    if (end - pair == AKS_YAML_KEY_LIMIT)
        return refuse(loader, "too many keys in one mapping");
    for (; pair < end; pair++) {
        const yaml_node_t *other = yaml_document_get_node(document, pair->key);

        if (other->data.scalar.length == key->data.scalar.length &&
            memcmp(other->data.scalar.value, key->data.scalar.value, key->data.scalar.length) == 0)
            return refuse(loader, "a key that the mapping has already");
    }
    frame->key = node;
    return true;
}

/* Puts a node, which has `expanded` nodes in `height` levels, into the innermost open collection. */
static bool place(struct loader *loader, int node, long expanded, int height)
{
    yaml_document_t *document = &loader->yaml->document;
    struct frame *frame;
    int placed, key;

    if (loader->depth == 0)
        return true;
    frame = &loader->frames[loader->depth - 1];
    frame->expanded += expanded; /* both are within the limit */
    if (frame->expanded > AKS_YAML_NODE_LIMIT)
        return refuse(loader, "too many nodes");
    if (frame->height < height + 1)
        frame->height = height + 1;
    if (yaml_document_get_node(document, frame->node)->type == YAML_MAPPING_NODE && !frame->key)
        return take_key(loader, frame, node);
    key = frame->key;
    frame->key = 0;
    placed = key ? yaml_document_append_mapping_pair(document, frame->node, key, node)
                 : yaml_document_append_sequence_item(document, frame->node, node);
    return placed || aks_error_set_no_memory(loader->error);
}

/* A plain scalar that is text by its tag alone ("!!str 12") would lose that when it is written: it gets quotes. */
static yaml_scalar_style_t style_of(const yaml_event_t *event)
{
    const char *tag = (const char *)event->data.scalar.tag;
    bool text = tag && (strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0);

    if (text && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return event->data.scalar.style;
}

/* The tag "!" means what no tag means, for the kind of node that it is. */
static const yaml_char_t *tag_of(const yaml_char_t *tag)
{
    return tag && strcmp((const char *)tag, "!") == 0 ? NULL : tag;
}

static bool take_scalar(struct loader *loader)
{
    const yaml_event_t *event = &loader->event;
    int node =
        yaml_document_add_scalar(&loader->yaml->document, tag_of(event->data.scalar.tag), event->data.scalar.value,
                                 (int)event->data.scalar.length, style_of(event)); /* the size limit is below INT_MAX */

    if (!mark_node(loader, node))
        return false;
    if (event->data.scalar.anchor && !add_anchor(loader, event->data.scalar.anchor, node, 1))
        return false;
    return place(loader, node, 1, 0);
}

static bool open_collection(struct loader *loader, const yaml_char_t *anchor, int node)
{
    if (!mark_node(loader, node))
        return false;
    if (loader->depth == AKS_YAML_DEPTH_LIMIT)
        return refuse(loader, "nested too deeply");
    if (anchor && !add_anchor(loader, anchor, node, 0))
        return false;
    loader->frames[loader->depth++] =
        (struct frame){.node = node, .anchor = anchor ? (int)loader->anchor_count : 0, .expanded = 1};
    return true;
}

static bool open_sequence(struct loader *loader)
{
    const yaml_event_t *event = &loader->event;

    return open_collection(loader, event->data.sequence_start.anchor,
                           yaml_document_add_sequence(&loader->yaml->document, tag_of(event->data.sequence_start.tag),
                                                      event->data.sequence_start.style));
}

static bool open_mapping(struct loader *loader)
{
    const yaml_event_t *event = &loader->event;

    return open_collection(loader, event->data.mapping_start.anchor,
                           yaml_document_add_mapping(&loader->yaml->document, tag_of(event->data.mapping_start.tag),
                                                     event->data.mapping_start.style));
}

static bool close_collection(struct loader *loader)
{
    const struct frame *frame = &loader->frames[--loader->depth];

    if (frame->anchor) {
        loader->anchors[frame->anchor - 1].expanded = frame->expanded;
        loader->anchors[frame->anchor - 1].height = frame->height;
    }
    return place(loader, frame->node, frame->expanded, frame->height);
}

static bool take_alias(struct loader *loader)
{
    const struct anchor *anchor = find_anchor(loader, (const char *)loader->event.data.alias.anchor);

    if (!anchor)
        return refuse(loader, "an alias without an anchor before it");
    if (anchor->expanded == 0)
        return refuse(loader, "an alias for what it is part of");
    if (loader->depth + anchor->height > AKS_YAML_DEPTH_LIMIT)
        return refuse(loader, "nested too deeply");
    return place(loader, anchor->node, anchor->expanded, anchor->height);
}

static bool begin_document(struct loader *loader)
{
    if (loader->document_count++ > 0)
        return refuse(loader, "a second document; a kubeconfig is one");
    return true;
}

static bool take(struct loader *loader)
{
    switch (loader->event.type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(loader);
    case YAML_SCALAR_EVENT:
        return take_scalar(loader);
    case YAML_SEQUENCE_START_EVENT:
        return open_sequence(loader);
    case YAML_MAPPING_START_EVENT:
        return open_mapping(loader);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_collection(loader);
    case YAML_ALIAS_EVENT:
        return take_alias(loader);
    default:
        return true;
    }
}

/* All events to the end of the text. */
static bool take_all(struct loader *loader)
{
    bool ok = true, ended = false;

    while (ok && !ended) {
        if (!yaml_parser_parse(&loader->parser, &loader->event))
            return refuse_syntax(loader);
        ok = take(loader);
        ended = loader->event.type == YAML_STREAM_END_EVENT;
        if (loader->event.type == YAML_SCALAR_EVENT)
            explicit_bzero(loader->event.data.scalar.value, loader->event.data.scalar.length);
        yaml_event_delete(&loader->event);
    }
    return ok;
}

/* The parser's windows on the text hold what the text holds. */
static void delete_parser(yaml_parser_t *parser)
{
    if (parser->buffer.start)
        explicit_bzero(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
    if (parser->raw_buffer.start)
        explicit_bzero(parser->raw_buffer.start, (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    yaml_parser_delete(parser);
}

static bool load(struct loader *loader, const char *text, size_t length)
{
    struct aks_yaml *yaml = loader->yaml;
    bool ok;

    if (!yaml_document_initialize(&yaml->document, NULL, NULL, NULL, 1, 1))
        return aks_error_set_no_memory(loader->error);
    yaml->loaded = true;
    if (!yaml_parser_initialize(&loader->parser))
        return aks_error_set_no_memory(loader->error);
    yaml_parser_set_input_string(&loader->parser, (const unsigned char *)text, length);
    ok = take_all(loader);
    delete_parser(&loader->parser);
    return ok;
}

bool aks_yaml_load(struct aks_yaml *yaml, const char *name, const char *text, size_t length, struct aks_error *error)
{
    struct loader *loader;
    bool ok;

    aks_yaml_clear(yaml);
    if (length > AKS_YAML_SIZE_LIMIT)
        return aks_error_set(error, "kubeconfig_invalid", "%s: has %zu bytes; at most %zu are read", name, length,
                             AKS_YAML_SIZE_LIMIT);
    loader = calloc(1, sizeof *loader);
    if (!loader)
        return aks_error_set_no_memory(error);
    yaml->name = name;
    loader->yaml = yaml;
    loader->error = error;
    ok = load(loader, text, length);
    for (size_t i = 0; i < loader->anchor_count; i++)
        free(loader->anchors[i].name);
    free(loader);
    if (!ok)
        aks_yaml_clear(yaml);
    return ok;
}
