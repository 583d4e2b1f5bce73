/* YAML documents through libyaml: an index into a table of nodes instead of pointers, as the table moves. */
#include "kubeconfig/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* Of one mapping. */
#define KEYS_LIMIT 5000

static size_t count_nodes(const yaml_document_t *document)
{
    return (size_t)(document->nodes.top - document->nodes.start);
}

static size_t count_pairs(const yaml_node_t *mapping)
{
    return (size_t)(mapping->data.mapping.pairs.top - mapping->data.mapping.pairs.start);
}

static size_t count_items(const yaml_node_t *sequence)
{
    return (size_t)(sequence->data.sequence.items.top - sequence->data.sequence.items.start);
}

const char *aks_kubeconfig_text(yaml_document_t *document, int node)
{
    const yaml_node_t *found = yaml_document_get_node(document, node);

    if (!found || found->type != YAML_SCALAR_NODE || aks_kubeconfig_is_null(document, node))
        return NULL;
    return (const char *)found->data.scalar.value;
}

bool aks_kubeconfig_is_null(yaml_document_t *document, int node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    const yaml_node_t *found = yaml_document_get_node(document, node);

    if (!found || found->type != YAML_SCALAR_NODE || found->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp((const char *)found->data.scalar.value, words[i]) == 0)
            return true;
    return false;
}

static bool is_key(yaml_document_t *document, int node, const char *key)
{
    const yaml_node_t *found = yaml_document_get_node(document, node);

    return found && found->type == YAML_SCALAR_NODE && strcmp((const char *)found->data.scalar.value, key) == 0;
}

static yaml_node_pair_t *find_pair(yaml_document_t *document, int mapping, const char *key)
{
    yaml_node_t *node = yaml_document_get_node(document, mapping);

    if (!node || node->type != YAML_MAPPING_NODE)
        return NULL;
    for (size_t i = 0; i < count_pairs(node); i++)
        if (is_key(document, node->data.mapping.pairs.start[i].key, key))
            return &node->data.mapping.pairs.start[i];
    return NULL;
}

int aks_kubeconfig_get(yaml_document_t *document, int mapping, const char *key)
{
    const yaml_node_pair_t *pair = find_pair(document, mapping, key);

    return pair ? pair->value : 0;
}

static int add_text(yaml_document_t *document, const char *text)
{
    return yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text, -1, YAML_ANY_SCALAR_STYLE);
}

bool aks_kubeconfig_set(yaml_document_t *document, int mapping, const char *key, int value)
{
    yaml_node_pair_t *pair = find_pair(document, mapping, key);
    int name;

    if (pair) {
        pair->value = value;
        return true;
    }
    name = add_text(document, key);
    return name != 0 && yaml_document_append_mapping_pair(document, mapping, name, value);
}

bool aks_kubeconfig_set_text(yaml_document_t *document, int mapping, const char *key, const char *text)
{
    int value = add_text(document, text);

    return value != 0 && aks_kubeconfig_set(document, mapping, key, value);
}

/* Aliases make a document a graph, with cycles even: depth and work are bounded. */
static bool equal(yaml_document_t *a, int node_a, yaml_document_t *b, int node_b, unsigned depth, size_t *work);

static bool equal_mappings(yaml_document_t *a, int node_a, yaml_document_t *b, int node_b, unsigned depth, size_t *work)
{
    const yaml_node_t *mapping = yaml_document_get_node(a, node_a);

    if (count_pairs(mapping) != count_pairs(yaml_document_get_node(b, node_b)))
        return false;
    for (size_t i = 0; i < count_pairs(mapping); i++) {
        const yaml_node_pair_t *pair = &mapping->data.mapping.pairs.start[i];
        const yaml_node_t *key = yaml_document_get_node(a, pair->key);
        const yaml_node_pair_t *other =
            key->type == YAML_SCALAR_NODE ? find_pair(b, node_b, (const char *)key->data.scalar.value) : NULL;

        if (!other || !equal(a, pair->value, b, other->value, depth, work))
            return false;
    }
    return true;
}

static bool equal_sequences(yaml_document_t *a, int node_a, yaml_document_t *b, int node_b, unsigned depth,
                            size_t *work)
{
    const yaml_node_t *one = yaml_document_get_node(a, node_a), *other = yaml_document_get_node(b, node_b);

    if (count_items(one) != count_items(other))
        return false;
    for (size_t i = 0; i < count_items(one); i++)
        if (!equal(a, one->data.sequence.items.start[i], b, other->data.sequence.items.start[i], depth, work))
            return false;
    return true;
}

static bool equal(yaml_document_t *a, int node_a, yaml_document_t *b, int node_b, unsigned depth, size_t *work)
{
    const yaml_node_t *one = yaml_document_get_node(a, node_a), *other = yaml_document_get_node(b, node_b);

    if (!one || !other || depth == 0 || *work == 0)
        return false;
    --*work;
    if (aks_kubeconfig_is_null(a, node_a) && aks_kubeconfig_is_null(b, node_b))
        return true;
    if (one->type != other->type)
        return false;
    if (one->type == YAML_MAPPING_NODE)
        return equal_mappings(a, node_a, b, node_b, depth - 1, work);
    if (one->type == YAML_SEQUENCE_NODE)
        return equal_sequences(a, node_a, b, node_b, depth - 1, work);
    return one->data.scalar.length == other->data.scalar.length &&
           memcmp(one->data.scalar.value, other->data.scalar.value, one->data.scalar.length) == 0;
}

bool aks_kubeconfig_equal(yaml_document_t *a, int node_a, yaml_document_t *b, int node_b)
{
    size_t work = AKS_KUBECONFIG_NODE_LIMIT;

    return equal(a, node_a, b, node_b, AKS_KUBECONFIG_DEPTH_LIMIT, &work);
}

static int copy(yaml_document_t *target, yaml_document_t *source, int node, unsigned depth, size_t *work);

static int copy_mapping(yaml_document_t *target, yaml_document_t *source, const yaml_node_t *node, unsigned depth,
                        size_t *work)
{
    int made = yaml_document_add_mapping(target, node->tag, node->data.mapping.style);

    for (size_t i = 0; made && i < count_pairs(node); i++) {
        int key = copy(target, source, node->data.mapping.pairs.start[i].key, depth, work);
        int value = key ? copy(target, source, node->data.mapping.pairs.start[i].value, depth, work) : 0;

        if (!value || !yaml_document_append_mapping_pair(target, made, key, value))
            return 0;
    }
    return made;
}

static int copy_sequence(yaml_document_t *target, yaml_document_t *source, const yaml_node_t *node, unsigned depth,
                         size_t *work)
{
    int made = yaml_document_add_sequence(target, node->tag, node->data.sequence.style);

    for (size_t i = 0; made && i < count_items(node); i++) {
        int item = copy(target, source, node->data.sequence.items.start[i], depth, work);

        if (!item || !yaml_document_append_sequence_item(target, made, item))
            return 0;
    }
    return made;
}

static int copy(yaml_document_t *target, yaml_document_t *source, int index, unsigned depth, size_t *work)
{
    const yaml_node_t *node = yaml_document_get_node(source, index);

    if (!node || depth == 0 || *work == 0)
        return 0;
    --*work;
    if (node->type == YAML_MAPPING_NODE)
        return copy_mapping(target, source, node, depth - 1, work);
    if (node->type == YAML_SEQUENCE_NODE)
        return copy_sequence(target, source, node, depth - 1, work);
    return yaml_document_add_scalar(target, node->tag, node->data.scalar.value, (int)node->data.scalar.length,
                                    node->data.scalar.style);
}

int aks_kubeconfig_copy(yaml_document_t *target, yaml_document_t *source, int node)
{
    size_t work = AKS_KUBECONFIG_NODE_LIMIT;

    return copy(target, source, node, AKS_KUBECONFIG_DEPTH_LIMIT, &work);
}

static bool refuse(struct aks_error *error, const char *what, const yaml_mark_t *mark, const char *problem)
{
    aks_error_note(&error->hint, "the file was left as it is: mend it, or name another one");
    return aks_error_set(error, "kubeconfig_invalid", "%s is no kubeconfig: line %zu, column %zu: %s", what,
                         mark->line + 1, mark->column + 1, problem);
}

/* Whether a key stands in its mapping a second time. Scalars alone are keys of a kubeconfig. */
static const yaml_node_t *repeated_key(yaml_document_t *document, const yaml_node_t *mapping)
{
    for (size_t i = 0; i < count_pairs(mapping); i++) {
        const yaml_node_t *key = yaml_document_get_node(document, mapping->data.mapping.pairs.start[i].key);

        if (key->type != YAML_SCALAR_NODE)
            return key;
        for (size_t j = 0; j < i; j++)
            if (is_key(document, mapping->data.mapping.pairs.start[j].key, (const char *)key->data.scalar.value))
                return key;
    }
    return NULL;
}

static bool check(yaml_document_t *document, const char *what, struct aks_error *error)
{
    const yaml_node_t *root = yaml_document_get_root_node(document);

    if (!root || root->type != YAML_MAPPING_NODE)
        return refuse(error, what, root ? &root->start_mark : &(yaml_mark_t){0}, "a mapping is expected");
    if (count_nodes(document) > AKS_KUBECONFIG_NODE_LIMIT)
        return refuse(error, what, &root->start_mark, "it has too many parts");
    for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
        const yaml_node_t *key = NULL;

        if (node->type == YAML_MAPPING_NODE && count_pairs(node) > KEYS_LIMIT)
            return refuse(error, what, &node->start_mark, "a mapping has too many keys");
        if (node->type == YAML_MAPPING_NODE)
            key = repeated_key(document, node);
        if (key)
            return refuse(error, what, &key->start_mark, "a key stands twice in its mapping, or is no text");
    }
    return true;
}

/* Whether the text ends behind the document. */
static bool check_end(yaml_parser_t *parser, const char *what, struct aks_error *error)
{
    yaml_document_t more;
    bool ended;

    if (!yaml_parser_load(parser, &more))
        return refuse(error, what, &parser->problem_mark, parser->problem ? parser->problem : "no YAML");
    ended = !yaml_document_get_root_node(&more);
    yaml_document_delete(&more);
    return ended || refuse(error, what, &parser->mark, "more than one document");
}

static bool load(yaml_parser_t *parser, const char *what, yaml_document_t *document, struct aks_error *error)
{
    if (!yaml_parser_load(parser, document)) {
        if (parser->error == YAML_MEMORY_ERROR)
            return aks_error_set_no_memory(error);
        return refuse(error, what, &parser->problem_mark, parser->problem ? parser->problem : "no YAML");
    }
    if (check(document, what, error) && check_end(parser, what, error))
        return true;
    yaml_document_delete(document);
    return false;
}

bool aks_kubeconfig_load(const char *text, size_t length, const char *what, yaml_document_t *document,
                         struct aks_error *error)
{
    yaml_parser_t parser;
    bool done;

    if (length > AKS_KUBECONFIG_SIZE_LIMIT)
        return aks_error_set(error, "kubeconfig_invalid", "%s is no kubeconfig: it is larger than %d MiB", what,
                             AKS_KUBECONFIG_SIZE_LIMIT / (1024 * 1024));
    if (!yaml_parser_initialize(&parser))
        return aks_error_set_no_memory(error);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    done = load(&parser, what, document, error);
    yaml_parser_delete(&parser);
    return done;
}

static int append(void *context, unsigned char *bytes, size_t size)
{
    return aks_buffer_append(context, bytes, size);
}

char *aks_kubeconfig_emit(yaml_document_t *document, size_t *length, struct aks_error *error)
{
    char *text;
    struct aks_buffer buffer;
    yaml_emitter_t emitter;
    bool done;

    aks_buffer_init(&buffer, 2 * (size_t)AKS_KUBECONFIG_SIZE_LIMIT);
    if (!yaml_emitter_initialize(&emitter)) {
        yaml_document_delete(document);
        aks_error_set_no_memory(error);
        return NULL;
    }
    yaml_emitter_set_output(&emitter, append, &buffer);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    done = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, document) && yaml_emitter_close(&emitter);
    yaml_emitter_delete(&emitter);
    *length = buffer.length;
    text = done ? aks_buffer_take(&buffer) : NULL;
    aks_buffer_erase(&buffer);
    if (!text)
        aks_error_set_no_memory(error);
    return text;
}
