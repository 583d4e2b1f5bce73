/* Looking into a YAML document, comparing and changing its nodes, erasing it. */
#include "kubeconfig/document.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ERROR_TEXT_LIMIT 1024

void aks_yaml_clear(struct aks_yaml *yaml)
{
    yaml_document_t *document = &yaml->document;

    if (yaml->loaded) {
        for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++)
            if (node->type == YAML_SCALAR_NODE)
                explicit_bzero(node->data.scalar.value, node->data.scalar.length);
        yaml_document_delete(document);
    }
    *yaml = (struct aks_yaml){0};
}

int aks_yaml_root(struct aks_yaml *yaml)
{
    return yaml->loaded && yaml->document.nodes.top > yaml->document.nodes.start ? 1 : 0;
}

yaml_node_t *aks_yaml_node(struct aks_yaml *yaml, int node)
{
    return yaml_document_get_node(&yaml->document, node);
}

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ */
static bool is_integer(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    bool prefixed = text[0] == '0' && (text[1] == 'o' || text[1] == 'x') && text[2];

    if (prefixed)
        return text[2 + strspn(text + 2, text[1] == 'o' ? "01234567" : "0123456789abcdefABCDEF")] == '\0';
    return *digits && *skip_digits(digits) == '\0';
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?, infinity, not a number */
static bool is_float(const char *text)
{
    static const char *const words[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", NULL};
    const char *unsigned_text = text + (*text == '-' || *text == '+');
    const char *at = skip_digits(unsigned_text);
    size_t digits = (size_t)(at - unsigned_text);

    if (is_one_of(unsigned_text, words))
        return true;
    if (*at == '.') {
        const char *fraction = at + 1;

        at = skip_digits(fraction);
        digits += (size_t)(at - fraction);
    }
    if (digits > 0 && (*at == 'e' || *at == 'E')) {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        digits = (size_t)(skip_digits(at) - at);
        at = skip_digits(at);
    }
    return digits > 0 && *at == '\0';
}

/* The core schema, YAML 1.2.2 section 10.3.2. */
static enum aks_yaml_kind plain_kind(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const booleans[] = {"true", "True", "TRUE", "false", "False", "FALSE", NULL};

    if (is_one_of(text, nulls))
        return AKS_YAML_NULL;
    if (is_one_of(text, booleans))
        return AKS_YAML_BOOLEAN;
    if (is_integer(text))
        return AKS_YAML_INTEGER;
    return is_float(text) ? AKS_YAML_FLOAT : AKS_YAML_TEXT;
}

static enum aks_yaml_kind scalar_kind(const yaml_node_t *node)
{
    static const struct {
        const char *tag;
        enum aks_yaml_kind kind;
    } tags[] = {{YAML_NULL_TAG, AKS_YAML_NULL},
                {YAML_BOOL_TAG, AKS_YAML_BOOLEAN},
                {YAML_INT_TAG, AKS_YAML_INTEGER},
                {YAML_FLOAT_TAG, AKS_YAML_FLOAT}};
    const char *tag = (const char *)node->tag, *text = (const char *)node->data.scalar.value;

    if (strcmp(tag, YAML_STR_TAG) != 0) {
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
            if (strcmp(tag, tags[i].tag) == 0)
                return tags[i].kind;
        return AKS_YAML_TAGGED;
    }
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || strlen(text) != node->data.scalar.length)
        return AKS_YAML_TEXT;
    return plain_kind(text);
}

enum aks_yaml_kind aks_yaml_kind(struct aks_yaml *yaml, int node)
{
    const yaml_node_t *found = aks_yaml_node(yaml, node);

    if (found->type == YAML_SCALAR_NODE)
        return scalar_kind(found);
    return found->type == YAML_SEQUENCE_NODE ? AKS_YAML_SEQUENCE : AKS_YAML_MAPPING;
}

const char *aks_yaml_text(struct aks_yaml *yaml, int node)
{
    const yaml_node_t *found = node ? aks_yaml_node(yaml, node) : NULL;
    const char *text;

    if (!found || aks_yaml_kind(yaml, node) != AKS_YAML_TEXT)
        return NULL;
    text = (const char *)found->data.scalar.value;
    return strlen(text) == found->data.scalar.length ? text : NULL;
}

static yaml_node_pair_t *find_pair(struct aks_yaml *yaml, int mapping, const char *key, size_t length)
{
    yaml_node_t *found = mapping ? aks_yaml_node(yaml, mapping) : NULL;

    if (!found || found->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = found->data.mapping.pairs.start; pair < found->data.mapping.pairs.top; pair++) {
        const yaml_node_t *candidate = aks_yaml_node(yaml, pair->key);

        if (candidate->data.scalar.length == length && memcmp(candidate->data.scalar.value, key, length) == 0)
            return pair;
    }
    return NULL;
}

int aks_yaml_find(struct aks_yaml *yaml, int mapping, const char *key)
{
    const yaml_node_pair_t *pair = find_pair(yaml, mapping, key, strlen(key));

    return pair ? pair->value : 0;
}

bool aks_yaml_put(struct aks_yaml *yaml, int mapping, const char *key, int value)
{
    yaml_node_pair_t *pair = find_pair(yaml, mapping, key, strlen(key));
    int key_node;

    if (pair) {
        pair->value = value;
        return true;
    }
    key_node = aks_yaml_add_text(yaml, key);
    return key_node && yaml_document_append_mapping_pair(&yaml->document, mapping, key_node, value);
}

/* Whether no version of YAML takes the plain text for anything else: a letter first, then letters, digits, "-", "_",
   and not one of the words for truth and nothing. */
static bool is_plainly_text(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char further[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    return strspn(text, letters) > 0 && text[strspn(text, further)] == '\0' &&
           !aks_text_is_choice("y|n|yes|no|on|off|true|false|null", text);
}

int aks_yaml_add_text(struct aks_yaml *yaml, const char *text)
{
    return yaml_document_add_scalar(&yaml->document, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                    is_plainly_text(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

int aks_yaml_add_sequence(struct aks_yaml *yaml)
{
    return yaml_document_add_sequence(&yaml->document, NULL, YAML_BLOCK_SEQUENCE_STYLE);
}

static int copy_sequence(struct aks_yaml *target, struct aks_yaml *source, const yaml_node_t *node)
{
    int copy = yaml_document_add_sequence(&target->document, node->tag, YAML_BLOCK_SEQUENCE_STYLE);
    bool ok = copy != 0;

    for (yaml_node_item_t *item = node->data.sequence.items.start; ok && item < node->data.sequence.items.top; item++) {
        int element = aks_yaml_copy(target, source, *item);

        ok = element && yaml_document_append_sequence_item(&target->document, copy, element);
    }
    return ok ? copy : 0;
}

static int copy_mapping(struct aks_yaml *target, struct aks_yaml *source, const yaml_node_t *node)
{
    int copy = yaml_document_add_mapping(&target->document, node->tag, YAML_BLOCK_MAPPING_STYLE);
    bool ok = copy != 0;

    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; ok && pair < node->data.mapping.pairs.top; pair++) {
        int key = aks_yaml_copy(target, source, pair->key);
        int value = key ? aks_yaml_copy(target, source, pair->value) : 0;

        ok = value && yaml_document_append_mapping_pair(&target->document, copy, key, value);
    }
    return ok ? copy : 0;
}

int aks_yaml_copy(struct aks_yaml *target, struct aks_yaml *source, int node)
{
    const yaml_node_t *found = aks_yaml_node(source, node);

    if (found->type == YAML_SEQUENCE_NODE)
        return copy_sequence(target, source, found);
    if (found->type == YAML_MAPPING_NODE)
        return copy_mapping(target, source, found);
    return yaml_document_add_scalar(&target->document, found->tag, found->data.scalar.value,
                                    (int)found->data.scalar.length, found->data.scalar.style);
}

static bool equal_scalars(const yaml_node_t *a, const yaml_node_t *b)
{
    enum aks_yaml_kind kind = scalar_kind(a);

    if (kind != scalar_kind(b))
        return false;
    if (kind == AKS_YAML_NULL)
        return true;
    return strcmp((const char *)a->tag, (const char *)b->tag) == 0 && a->data.scalar.length == b->data.scalar.length &&
           memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

static bool equal_sequences(struct aks_yaml *a, const yaml_node_t *node_a, struct aks_yaml *b,
                            const yaml_node_t *node_b)
{
    const yaml_node_item_t *item_a = node_a->data.sequence.items.start, *item_b = node_b->data.sequence.items.start;

    if (node_a->data.sequence.items.top - item_a != node_b->data.sequence.items.top - item_b)
        return false;
    for (; item_a < node_a->data.sequence.items.top; item_a++, item_b++)
        if (!aks_yaml_equal(a, *item_a, b, *item_b))
            return false;
    return true;
}

static bool equal_mappings(struct aks_yaml *a, const yaml_node_t *node_a, struct aks_yaml *b, int node_b)
{
    const yaml_node_t *found_b = aks_yaml_node(b, node_b);
    const yaml_node_pair_t *pair = node_a->data.mapping.pairs.start;

    if (node_a->data.mapping.pairs.top - pair != found_b->data.mapping.pairs.top - found_b->data.mapping.pairs.start)
        return false;
    for (; pair < node_a->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = aks_yaml_node(a, pair->key);
        const yaml_node_pair_t *other =
            find_pair(b, node_b, (const char *)key->data.scalar.value, key->data.scalar.length);

        if (!other || !aks_yaml_equal(a, pair->key, b, other->key) || !aks_yaml_equal(a, pair->value, b, other->value))
            return false;
    }
    return true;
}

bool aks_yaml_equal(struct aks_yaml *a, int node_a, struct aks_yaml *b, int node_b)
{
    const yaml_node_t *found_a = aks_yaml_node(a, node_a), *found_b = aks_yaml_node(b, node_b);

    if (found_a->type != found_b->type)
        return false;
    if (found_a->type == YAML_SCALAR_NODE)
        return equal_scalars(found_a, found_b);
    if (strcmp((const char *)found_a->tag, (const char *)found_b->tag) != 0)
        return false;
    if (found_a->type == YAML_SEQUENCE_NODE)
        return equal_sequences(a, found_a, b, found_b);
    return equal_mappings(a, found_a, b, node_b);
}

bool aks_yaml_refuse(struct aks_yaml *yaml, int node, struct aks_error *error, const char *format, ...)
{
    char message[ERROR_TEXT_LIMIT]; /* a longer one is cut */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (node)
        return aks_error_set(error, "kubeconfig_invalid", "%s: line %zu: %s", yaml->name,
                             aks_yaml_node(yaml, node)->start_mark.line + 1, message);
    return aks_error_set(error, "kubeconfig_invalid", "%s: %s", yaml->name, message);
}
