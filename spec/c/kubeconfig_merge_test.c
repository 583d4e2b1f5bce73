/* Merging: what it says that it did, and that it loses nothing when memory is short. (What comes out of a merge is in
   spec/kubeconfig_spec.lua.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/torture.h"
#include "kubeconfig/merge.h"

#define CLUSTER_A "clusters: [{name: a, cluster: {server: 'https://a'}}]\n"
#define USER_A "users: [{name: clusterAdmin_g_a, user: {token: secret}}]\n"
#define CONTEXT_A "contexts: [{name: a, context: {cluster: a, user: clusterAdmin_g_a}}]\n"
#define NEW CLUSTER_A USER_A CONTEXT_A "current-context: a\n"

static bool load(struct aks_yaml *yaml, const char *text, struct aks_error *error)
{
    return aks_yaml_load(yaml, "text", text, strlen(text), error);
}

/* "a,b" of the names, in `text`. */
static void join(const struct aks_kubeconfig_names *names, char *text)
{
    *text = '\0';
    for (size_t i = 0; i < names->count; i++) {
        strcat(text, i > 0 ? "," : "");
        strcat(text, names->items[i]);
    }
}

static void tells_what_it_did(void **state)
{
    static const struct {
        const char *existing;
        struct aks_kubeconfig_options options;
        const char *context, *added, *replaced;
        bool current_set;
    } rows[] = {
        {"", {.set_current = true}, "a-admin", "cluster 'a',user 'clusterAdmin_g_a',context 'a-admin'", "", true},
        {"", {0}, "a-admin", "cluster 'a',user 'clusterAdmin_g_a',context 'a-admin'", "", false},
        {"~", {.context = "b"}, "b-admin", "cluster 'b',user 'clusterAdmin_g_a',context 'b-admin'", "", false},
        {CLUSTER_A USER_A, {.set_current = true}, "a-admin", "context 'a-admin'", "", true},
        {CLUSTER_A USER_A "contexts: [{name: a-admin, context: {cluster: a, user: clusterAdmin_g_a}}]\n"
                          "current-context: a-admin\n",
         {.set_current = true},
         "a-admin",
         "",
         "",
         false},
        {"clusters: [{name: a}]\nusers: [{name: b}, {name: clusterAdmin_g_a}]\n",
         {.overwrite = true},
         "a-admin",
         "context 'a-admin'",
         "cluster 'a',user 'clusterAdmin_g_a'",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aks_yaml existing = {0}, addition = {0};
        struct aks_kubeconfig_changes changes = {0};
        struct aks_error error = {0};
        char names[512];

        assert_true(load(&existing, rows[i].existing, &error));
        assert_true(load(&addition, NEW, &error));
        assert_true(aks_kubeconfig_merge(&existing, &addition, &rows[i].options, &changes, &error));
        assert_string_equal(changes.context, rows[i].context);
        join(&changes.added, names);
        assert_string_equal(names, rows[i].added);
        join(&changes.replaced, names);
        assert_string_equal(names, rows[i].replaced);
        assert_int_equal(changes.current_set, rows[i].current_set);
        assert_int_equal(aks_kubeconfig_has_changed(&changes),
                         *rows[i].added || *rows[i].replaced || rows[i].current_set);
        aks_kubeconfig_changes_clear(&changes);
        aks_yaml_clear(&existing);
        aks_yaml_clear(&addition);
    }
}

/* Merges into `existing`, which replaces and adds, and frees everything. */
static bool merge_into(const char *existing_text, bool overwrite, const char *code)
{
    struct aks_kubeconfig_options options = {.context = "b", .overwrite = overwrite, .set_current = true};
    struct aks_yaml existing = {0}, addition = {0};
    struct aks_kubeconfig_changes changes = {0};
    struct aks_error error = {0};
    bool ok = load(&existing, existing_text, &error) && load(&addition, NEW, &error) &&
              aks_kubeconfig_merge(&existing, &addition, &options, &changes, &error);

    if (ok)
        ok = !code && strcmp(changes.context, "b-admin") == 0 && aks_yaml_find(&existing, 1, "contexts");
    else if (code && strcmp(aks_error_code(&error), code) == 0)
        ok = true;
    else
        ok = torture_state.refused && strcmp(aks_error_code(&error), "out_of_memory") == 0;
    torture_state.on = false;
    ok = ok && aks_error_is_set(&error) == (changes.context == NULL);
    aks_kubeconfig_changes_clear(&changes);
    aks_yaml_clear(&existing);
    aks_yaml_clear(&addition);
    aks_error_clear(&error);
    return ok;
}

static const char existing_text[] = "clusters: [{name: b}, {name: x}]\nusers: [{name: clusterAdmin_g_a}]\nx: y\n";

static bool merge_into_one(void)
{
    return merge_into(existing_text, true, NULL);
}

static bool merge_into_none(void)
{
    return merge_into("", false, NULL);
}

static bool merge_into_conflict(void)
{
    return merge_into(existing_text, false, "kubeconfig_conflict");
}

static void survives_a_want_of_memory(void **state)
{
    static bool (*const attempts[])(void) = {merge_into_one, merge_into_none, merge_into_conflict};

    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        const char *wrong = torture(attempts[i]);

        if (wrong)
            fail_msg("%zu: %s", i, wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_it_did),
        cmocka_unit_test(survives_a_want_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
