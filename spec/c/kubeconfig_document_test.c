/* YAML documents: what goes in comes out, limits hold at their edge, memory may fail anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/torture.h"
#include "kubeconfig/document.h"

static bool load(struct aks_yaml *yaml, const char *text, struct aks_error *error)
{
    return aks_yaml_load(yaml, "text", text, strlen(text), error);
}

/* Asserts that the text is refused for this reason. */
static void assert_refused(const char *text, const char *reason)
{
    struct aks_yaml yaml = {0};
    struct aks_error error = {0};

    assert_false(load(&yaml, text, &error));
    assert_string_equal(aks_error_code(&error), "kubeconfig_invalid");
    if (!strstr(error.message, reason))
        fail_msg("'%s' does not say '%s'", error.message, reason);
    assert_int_equal(aks_yaml_root(&yaml), 0);
    aks_yaml_clear(&yaml);
    aks_error_clear(&error);
}

static void assert_loads(const char *text)
{
    struct aks_yaml yaml = {0};
    struct aks_error error = {0};

    if (!load(&yaml, text, &error))
        fail_msg("%s", error.message);
    assert_int_equal(aks_yaml_root(&yaml), 1);
    aks_yaml_clear(&yaml);
}

static void assert_written(const char *text, const char *expected)
{
    struct aks_yaml yaml = {0};
    struct aks_error error = {0};
    struct aks_buffer written;

    aks_buffer_init(&written, AKS_YAML_SIZE_LIMIT);
    if (!load(&yaml, text, &error) || !aks_yaml_write(&yaml, &written, &error))
        fail_msg("%s", error.message);
    assert_string_equal(written.data, expected);
    aks_buffer_erase(&written);
    aks_yaml_clear(&yaml);
}

static void writes_what_it_read(void **state)
{
    static const struct {
        const char *text, *expected; /* NULL: the same */
    } rows[] = {
        {"a: 1\nb: \"1\"\nc: '1'\nd: x y\n", NULL},
        {"a:\n- b: 1\n  c: 2\n- d\n", NULL},
        {"a: {b: [1, 2], c: {}}\nd: []\n", NULL},
        {"a: |\n  one\n  two\nb: >-\n  three\n", NULL},
        {"a: null\nb: ~\nc: true\n", NULL},
        {"a: w\xC3\xA9\xC3\xA9\n", NULL},
        {"a: !!int \"7\"\n", NULL},
        {"a: !mine x\nb: !mine [x]\n", NULL},
        {"a: &id3\n- x\nb: *id3\n", NULL},
        {"a: &id3\n  b: c\nx:\n  <<: *id3\n  d: e\n", NULL},
        {"# mine\na: 1 # one\n", "a: 1\n"},
        {"%YAML 1.1\n---\na: 1\n...\n", "a: 1\n"},
        {"a:\nb: {c: , d: }\n", "a: null\nb: {c: null, d: null}\n"},
        {"a: !!str 12\nb: ! 12\nc: !!str x\n", "a: \"12\"\nb: \"12\"\nc: \"x\"\n"},
        {"a: ! [x]\nb: ! {c: d}\n", "a: [x]\nb: {c: d}\n"},
        {"a: &x 1\nb: *x\n&y c: *y\n", "a: 1\nb: 1\nc: c\n"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "a: 1\nb: 2\nc: 2\n"},
        {"\xEF\xBB\xBF"
         "a: 1\r\nb: 2\r\n",
         "a: 1\nb: 2\n"},
        {"{\"a\": [1, \"x\"]}", "{\"a\": [1, \"x\"]}\n"},
        {"a: \"x\\ty\\0z\\x1b\"\n", "a: \"x\\ty\\0z\\e\"\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_written(rows[i].text, rows[i].expected ? rows[i].expected : rows[i].text);
}

static void does_not_break_long_lines(void **state)
{
    char text[4096] = "a: ";

    (void)state;
    for (int i = 0; i < 500; i++)
        strcat(text, "word ");
    strcat(text, "end\n");
    assert_written(text, text);
}

static void tells_the_kinds_of_the_core_schema(void **state)
{
    static const struct {
        const char *text;
        enum aks_yaml_kind kind;
    } rows[] = {
        {"~", AKS_YAML_NULL},           {"null", AKS_YAML_NULL},       {"nul", AKS_YAML_TEXT},
        {"true", AKS_YAML_BOOLEAN},     {"False", AKS_YAML_BOOLEAN},   {"tRUE", AKS_YAML_TEXT},
        {"yes", AKS_YAML_TEXT},         {"0", AKS_YAML_INTEGER},       {"-12", AKS_YAML_INTEGER},
        {"+12", AKS_YAML_INTEGER},      {"0x1F", AKS_YAML_INTEGER},    {"0x", AKS_YAML_TEXT},
        {"0xG", AKS_YAML_TEXT},         {"0o17", AKS_YAML_INTEGER},    {"0o8", AKS_YAML_TEXT},
        {"1_000", AKS_YAML_TEXT},       {"1.5", AKS_YAML_FLOAT},       {"1.", AKS_YAML_FLOAT},
        {".5", AKS_YAML_FLOAT},         {".", AKS_YAML_TEXT},          {"1e3", AKS_YAML_FLOAT},
        {"1e", AKS_YAML_TEXT},          {"1e+", AKS_YAML_TEXT},        {"1.5E-3", AKS_YAML_FLOAT},
        {"-.inf", AKS_YAML_FLOAT},      {".NaN", AKS_YAML_FLOAT},      {".iNF", AKS_YAML_TEXT},
        {"1.2.3", AKS_YAML_TEXT},       {"-", AKS_YAML_SEQUENCE},      {"-x", AKS_YAML_TEXT},
        {"'1'", AKS_YAML_TEXT},         {"\"~\"", AKS_YAML_TEXT},      {"!!null x", AKS_YAML_NULL},
        {"!!bool x", AKS_YAML_BOOLEAN}, {"!!int x", AKS_YAML_INTEGER}, {"!!float x", AKS_YAML_FLOAT},
        {"!!str 1", AKS_YAML_TEXT},     {"! 1", AKS_YAML_TEXT},        {"!x 1", AKS_YAML_TAGGED},
        {"[]", AKS_YAML_SEQUENCE},      {"{}", AKS_YAML_MAPPING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_yaml yaml = {0};
        struct aks_error error = {0};

        assert_true(load(&yaml, rows[i].text, &error));
        if (aks_yaml_kind(&yaml, 1) != rows[i].kind)
            fail_msg("%s is of kind %d", rows[i].text, (int)aks_yaml_kind(&yaml, 1));
        aks_yaml_clear(&yaml);
    }
}

/* New text of `count` times `unit` between `before` and `after`; "%d" in the unit counts. */
static char *repeat(const char *before, const char *unit, int count, const char *after)
{
    struct aks_buffer text;

    aks_buffer_init(&text, AKS_YAML_SIZE_LIMIT);
    assert_true(aks_buffer_append_text(&text, before));
    for (int i = 0; i < count; i++) {
        const char *number = strstr(unit, "%d");

        assert_true(aks_buffer_append(&text, unit, number ? (size_t)(number - unit) : strlen(unit)));
        if (number) {
            assert_true(aks_buffer_append_format(&text, "%d", i));
            assert_true(aks_buffer_append_text(&text, number + 2));
        }
    }
    assert_true(aks_buffer_append_text(&text, after));
    return aks_buffer_take(&text);
}

static void keeps_its_limits(void **state)
{
    static const struct {
        const char *before, *unit, *after;
        int limit;
        const char *reason;
    } rows[] = {
        {"", "k%d: x\n", "", AKS_YAML_KEY_LIMIT, "too many keys"},
        {"- x\n", "- &a%d x\n", "", AKS_YAML_ANCHOR_LIMIT, "too many anchors"},
        {"- x\n", "- x\n", "", AKS_YAML_NODE_LIMIT - 2, "too many nodes"},
        {"- &a [1, 2, 3]\n", "- *a\n", "", (AKS_YAML_NODE_LIMIT - 1) / 4 - 1, "too many nodes"},
        {"- &a {b: 1}\n", "- *a\n", "", (AKS_YAML_NODE_LIMIT - 1) / 3 - 1, "too many nodes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *most = repeat(rows[i].before, rows[i].unit, rows[i].limit, rows[i].after);
        char *more = repeat(rows[i].before, rows[i].unit, rows[i].limit + 1, rows[i].after);

        assert_loads(most);
        assert_refused(more, rows[i].reason);
        free(most);
        free(more);
    }
}

static void is_not_nested_deeper_than_its_limit(void **state)
{
    char text[1024];

    (void)state;
    for (int depth = AKS_YAML_DEPTH_LIMIT; depth <= AKS_YAML_DEPTH_LIMIT + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        if (depth == AKS_YAML_DEPTH_LIMIT)
            assert_loads(text);
        else
            assert_refused(text, "line 1, column 65: nested too deeply");
    }
}

/* An anchor of `levels`, and an alias for it that is `levels` deep itself. */
static void counts_depth_through_aliases(void **state)
{
    int levels = AKS_YAML_DEPTH_LIMIT / 2 - 1;

    (void)state;
    for (int more = 0; more <= 1; more++) {
        char text[1024] = "a: &a ";

        for (int i = 0; i < levels + 1; i++)
            strcat(text, "[");
        for (int i = 0; i < levels + 1; i++)
            strcat(text, "]");
        strcat(text, "\nb: ");
        for (int i = 0; i < levels + 1 + more; i++)
            strcat(text, "[");
        strcat(text, "*a");
        for (int i = 0; i < levels + 1 + more; i++)
            strcat(text, "]");
        if (more)
            assert_refused(text, "nested too deeply");
        else
            assert_loads(text);
    }
}

static void compares_what_is_said(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"{a: 1, b: 2}", "b: 2\na: 1\n", true},
        {"{a: 1}", "{a: 1, b: 2}", false},
        {"{a: 1, b: 2}", "{a: 1, c: 2}", false},
        {"{a: 1}", "{a: '1'}", false},
        {"{a: x}", "{\"a\": \"x\"}", true},
        {"{a: ~}", "{a: null}", true},
        {"{a: ~}", "{a: 'null'}", false},
        {"[1, 2]", "- 1\n- 2\n", true},
        {"[1, 2]", "[2, 1]", false},
        {"[1]", "[1, 1]", false},
        {"[1]", "{a: 1}", false},
        {"{a: &x [1], b: *x}", "{a: [1], b: [1]}", true},
        {"!mine x", "x", false},
        {"!mine [x]", "[x]", false},
        {"{1: x}", "{'1': x}", false},
        {"\"a\\0b\"", "\"a\\0c\"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_yaml a = {0}, b = {0};
        struct aks_error error = {0};

        assert_true(load(&a, rows[i].a, &error));
        assert_true(load(&b, rows[i].b, &error));
        assert_int_equal(aks_yaml_equal(&a, 1, &b, 1), rows[i].equal);
        assert_int_equal(aks_yaml_equal(&b, 1, &a, 1), rows[i].equal);
        aks_yaml_clear(&a);
        aks_yaml_clear(&b);
    }
}

static void writes_no_more_than_the_buffer_takes(void **state)
{
    struct aks_yaml yaml = {0};
    struct aks_error error = {0};
    struct aks_buffer text;

    (void)state;
    aks_buffer_init(&text, 4);
    assert_true(load(&yaml, "abc: defg", &error));
    assert_false(aks_yaml_write(&yaml, &text, &error));
    assert_string_equal(aks_error_code(&error), "kubeconfig_invalid");
    assert_string_equal(error.message, "text: would have more than 4 bytes");
    aks_buffer_erase(&text);
    aks_error_clear(&error);
    aks_yaml_clear(&yaml);
}

static bool load_change_and_write(void)
{
    static const char text[] = "a: &a [x, {b: 'c'}]\nd: *a\n? |\n  e\n: !!int '1'\n";
    struct aks_yaml yaml = {0}, copy = {0};
    struct aks_error error = {0};
    struct aks_buffer written;
    bool ok;

    aks_buffer_init(&written, AKS_YAML_SIZE_LIMIT);
    ok = load(&yaml, text, &error) && load(&copy, "", &error);
    if (ok && !aks_yaml_copy(&copy, &yaml, aks_yaml_root(&yaml)))
        ok = aks_error_set_no_memory(&error);
    if (ok) {
        int added = aks_yaml_add_text(&copy, "12");

        ok = added && aks_yaml_put(&copy, 1, "new", added);
        ok = ok || aks_error_set_no_memory(&error);
    }
    ok = ok && aks_yaml_write(&copy, &written, &error);
    if (ok)
        ok = strcmp(written.data, "a:\n- x\n- b: 'c'\nd:\n- x\n- b: 'c'\n? |\n  e\n: !!int '1'\nnew: \"12\"\n") == 0;
    else
        ok = torture_state.refused && strcmp(aks_error_code(&error), "out_of_memory") == 0;
    torture_state.on = false;
    aks_buffer_erase(&written);
    aks_yaml_clear(&yaml);
    aks_yaml_clear(&copy);
    aks_error_clear(&error);
    return ok;
}

static void survives_a_want_of_memory(void **state)
{
    const char *wrong = torture(load_change_and_write);

    (void)state;
    if (wrong)
        fail_msg("%s", wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_it_read),
        cmocka_unit_test(does_not_break_long_lines),
        cmocka_unit_test(tells_the_kinds_of_the_core_schema),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(is_not_nested_deeper_than_its_limit),
        cmocka_unit_test(counts_depth_through_aliases),
        cmocka_unit_test(compares_what_is_said),
        cmocka_unit_test(writes_no_more_than_the_buffer_takes),
        cmocka_unit_test(survives_a_want_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
