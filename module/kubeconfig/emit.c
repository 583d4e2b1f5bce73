/* YAML document -> text. What was written is read again and compared, so that no oddity of style can change a value. */
#include "kubeconfig/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANCHOR_SIZE 16 /* "id" and a number */

struct writer {
    struct aks_yaml *yaml;
    struct aks_buffer *text;
    yaml_emitter_t emitter;
    int *references; /* of each node: how many there are; negative: written already, with an anchor */
    bool too_large;
};

static int append(void *context, unsigned char *bytes, size_t count)
{
    struct writer *writer = context;

    writer->too_large = count > writer->text->limit - writer->text->length;
    return aks_buffer_append(writer->text, bytes, count);
}

static void count_references(struct writer *writer, int node)
{
    const yaml_node_t *found = aks_yaml_node(writer->yaml, node);

    if (++writer->references[node] > 1)
        return;
    if (found->type == YAML_SEQUENCE_NODE)
        for (yaml_node_item_t *item = found->data.sequence.items.start; item < found->data.sequence.items.top; item++)
            count_references(writer, *item);
    else if (found->type == YAML_MAPPING_NODE)
        for (yaml_node_pair_t *pair = found->data.mapping.pairs.start; pair < found->data.mapping.pairs.top; pair++)
            count_references(writer, pair->value);
}

/* The emitter owns an event from here on, whatever happens; one that could not be made is a want of memory. */
static bool emit(struct writer *writer, yaml_event_t *event, int made)
{
    if (!made)
        writer->emitter.error = YAML_MEMORY_ERROR;
    return made && yaml_emitter_emit(&writer->emitter, event);
}

/* An empty plain scalar, which is null, cannot stand everywhere. */
static bool emit_scalar(struct writer *writer, int node)
{
    const yaml_node_t *found = aks_yaml_node(writer->yaml, node);
    bool text = strcmp((const char *)found->tag, YAML_STR_TAG) == 0;
    bool empty = found->data.scalar.length == 0 && aks_yaml_kind(writer->yaml, node) == AKS_YAML_NULL;
    const yaml_char_t *value = empty ? (const yaml_char_t *)"null" : found->data.scalar.value;
    int length = empty ? (int)strlen("null") : (int)found->data.scalar.length;
    yaml_event_t event;

    return emit(writer, &event,
                yaml_scalar_event_initialize(&event, NULL, text ? NULL : found->tag, value, length, text, text,
                                             found->data.scalar.style));
}

static bool emit_node(struct writer *writer, int node);

static bool emit_sequence(struct writer *writer, const yaml_node_t *node, const yaml_char_t *anchor)
{
    bool implicit = strcmp((const char *)node->tag, YAML_DEFAULT_SEQUENCE_TAG) == 0, ok;
    yaml_event_t event;

    ok = emit(writer, &event,
              yaml_sequence_start_event_initialize(&event, anchor, node->tag, implicit, node->data.sequence.style));
    for (yaml_node_item_t *item = node->data.sequence.items.start; ok && item < node->data.sequence.items.top; item++)
        ok = emit_node(writer, *item);
    return ok && emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

static bool emit_mapping(struct writer *writer, const yaml_node_t *node, const yaml_char_t *anchor)
{
    bool implicit = strcmp((const char *)node->tag, YAML_DEFAULT_MAPPING_TAG) == 0, ok;
    yaml_event_t event;

    ok = emit(writer, &event,
              yaml_mapping_start_event_initialize(&event, anchor, node->tag, implicit, node->data.mapping.style));
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; ok && pair < node->data.mapping.pairs.top; pair++)
        ok = emit_scalar(writer, pair->key) && emit_node(writer, pair->value);
    return ok && emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

/* Scalars are repeated; a collection that is there more than once gets an anchor. */
static bool emit_node(struct writer *writer, int node)
{
    const yaml_node_t *found = aks_yaml_node(writer->yaml, node);
    bool shared = writer->references[node] > 1;
    char anchor[ANCHOR_SIZE];
    yaml_event_t event;

    if (found->type == YAML_SCALAR_NODE)
        return emit_scalar(writer, node);
    snprintf(anchor, sizeof anchor, "id%d", node);
    if (writer->references[node] < 0)
        return emit(writer, &event, yaml_alias_event_initialize(&event, (const yaml_char_t *)anchor));
    if (shared)
        writer->references[node] = -1;
    return found->type == YAML_SEQUENCE_NODE ? emit_sequence(writer, found, shared ? (yaml_char_t *)anchor : NULL)
                                             : emit_mapping(writer, found, shared ? (yaml_char_t *)anchor : NULL);
}

static bool emit_document(struct writer *writer)
{
    yaml_event_t event;

    return emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
           emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
           emit_node(writer, aks_yaml_root(writer->yaml)) &&
           emit(writer, &event, yaml_document_end_event_initialize(&event, 1)) &&
           emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

static bool explain(const struct writer *writer, struct aks_error *error)
{
    const yaml_emitter_t *emitter = &writer->emitter;

    if (writer->too_large)
        return aks_yaml_refuse(writer->yaml, 0, error, "would have more than %zu bytes", writer->text->limit);
    if (emitter->error == YAML_EMITTER_ERROR && emitter->problem)
        return aks_yaml_refuse(writer->yaml, 0, error, "cannot be written: %s", emitter->problem);
    return aks_error_set_no_memory(error);
}

static bool write_text(struct writer *writer, struct aks_error *error)
{
    yaml_emitter_t *emitter = &writer->emitter;
    bool ok;

    if (!yaml_emitter_initialize(emitter))
        return aks_error_set_no_memory(error);
    yaml_emitter_set_output(emitter, append, writer);
    yaml_emitter_set_unicode(emitter, 1);
    yaml_emitter_set_width(emitter, -1); /* lines are not broken */
    ok = emit_document(writer) || explain(writer, error);
    explicit_bzero(emitter->buffer.start, (size_t)(emitter->buffer.end - emitter->buffer.start));
    yaml_emitter_delete(emitter);
    return ok;
}

/* Reads what was written from `begin` on. */
static bool verify(struct aks_yaml *yaml, const struct aks_buffer *text, size_t begin, struct aks_error *error)
{
    struct aks_yaml again = {0};
    bool ok = aks_yaml_load(&again, yaml->name, text->data + begin, text->length - begin, error);

    if (ok && !aks_yaml_equal(yaml, aks_yaml_root(yaml), &again, aks_yaml_root(&again)))
        ok = aks_yaml_refuse(yaml, 0, error, "has a value that cannot be written back unchanged");
    aks_yaml_clear(&again);
    return ok;
}

bool aks_yaml_write(struct aks_yaml *yaml, struct aks_buffer *text, struct aks_error *error)
{
    size_t begin = text->length, nodes = (size_t)(yaml->document.nodes.top - yaml->document.nodes.start);
    struct writer writer = {.yaml = yaml, .text = text};
    bool ok;

    if (!aks_yaml_root(yaml))
        return true;
    writer.references = calloc(nodes + 1, sizeof *writer.references);
    if (!writer.references)
        return aks_error_set_no_memory(error);
    count_references(&writer, aks_yaml_root(yaml));
    ok = write_text(&writer, error);
    free(writer.references);
    return ok && verify(yaml, text, begin, error);
}
