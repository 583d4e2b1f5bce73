/* Any text as the user's kubeconfig, and as the one from Azure: what is merged can be read, has lost nothing, and is
   not merged a second time. */
#include "../support/fuzz.h"
#include "kubeconfig/entries.h"
#include "kubeconfig/merge.h"

static const char fixed[] = "clusters: [{name: c, cluster: {server: 'https://c'}}]\n"
                            "users: [{name: clusterAdmin_g_c, user: {token: t}}]\n"
                            "contexts: [{name: c, context: {cluster: c, user: clusterAdmin_g_c}}]\n";

static const struct aks_kubeconfig_options options = {.overwrite = true, .set_current = true};

/* Whether the text is read; an error is set if not, and says where without saying what. */
static bool load(struct aks_yaml *yaml, const char *text, size_t length)
{
    struct aks_error error = {0};
    bool ok = aks_yaml_load(yaml, "text", text, length, &error);

    FUZZ_CHECK(ok != aks_error_is_set(&error));
    FUZZ_CHECK(ok || strncmp(error.message, "text: ", strlen("text: ")) == 0);
    aks_error_clear(&error);
    return ok;
}

/* What is read can be written and read again, unless it cannot be said: then that is an error. */
static void check_round_trip(const char *text, size_t length)
{
    struct aks_yaml yaml = {0}, again = {0};
    struct aks_error error = {0};
    struct aks_buffer written;

    aks_buffer_init(&written, AKS_YAML_SIZE_LIMIT);
    if (load(&yaml, text, length) && aks_yaml_root(&yaml) && aks_yaml_write(&yaml, &written, &error)) {
        FUZZ_CHECK(load(&again, written.data, written.length));
        FUZZ_CHECK(aks_yaml_equal(&yaml, 1, &again, 1) && aks_yaml_equal(&again, 1, &yaml, 1));
    }
    aks_error_clear(&error);
    aks_buffer_erase(&written);
    aks_yaml_clear(&yaml);
    aks_yaml_clear(&again);
}

/* Every entry of `before` is in `after`, and the same unless it was replaced. */
static void check_kept(struct aks_yaml *before, struct aks_yaml *after, const struct aks_kubeconfig_changes *changes)
{
    struct aks_kubeconfig_entries old = {0}, new = {0};
    struct aks_error error = {0};
    size_t different = 0;

    for (int list = 0; list < AKS_KUBECONFIG_LISTS; list++) {
        FUZZ_CHECK(aks_kubeconfig_entries_read(&old, before, (enum aks_kubeconfig_list)list, &error));
        FUZZ_CHECK(aks_kubeconfig_entries_read(&new, after, (enum aks_kubeconfig_list)list, &error));
        FUZZ_CHECK(new.count >= old.count);
        for (size_t i = 0; i < old.count; i++) {
            FUZZ_CHECK(strcmp(old.items[i].name, new.items[i].name) == 0);
            different += !aks_yaml_equal(before, old.items[i].node, after, new.items[i].node);
        }
    }
    FUZZ_CHECK(different == changes->replaced.count);
    aks_kubeconfig_entries_clear(&old);
    aks_kubeconfig_entries_clear(&new);
}

/* Merges, and once more into what came out. */
static void check_merge(const char *existing, size_t existing_length, const char *new, size_t new_length)
{
    struct aks_yaml before = {0}, merged = {0}, addition = {0};
    struct aks_kubeconfig_changes changes = {0};
    struct aks_error error = {0};
    struct aks_buffer written;

    aks_buffer_init(&written, AKS_YAML_SIZE_LIMIT);
    if (load(&before, existing, existing_length) && load(&merged, existing, existing_length) &&
        load(&addition, new, new_length) && aks_kubeconfig_merge(&merged, &addition, &options, &changes, &error)) {
        if (aks_yaml_root(&before) && aks_yaml_kind(&before, 1) != AKS_YAML_NULL)
            check_kept(&before, &merged, &changes);
        if (aks_yaml_write(&merged, &written, &error)) {
            FUZZ_CHECK(load(&merged, written.data, written.length) && load(&addition, new, new_length));
            FUZZ_CHECK(aks_kubeconfig_merge(&merged, &addition, &options, &changes, &error));
            FUZZ_CHECK(!aks_kubeconfig_has_changed(&changes));
        }
    }
    aks_error_clear(&error);
    aks_kubeconfig_changes_clear(&changes);
    aks_buffer_erase(&written);
    aks_yaml_clear(&before);
    aks_yaml_clear(&merged);
    aks_yaml_clear(&addition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    FUZZ_CHECK(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_round_trip(text, size);
    check_merge(text, size, fixed, strlen(fixed));
    check_merge(fixed, strlen(fixed), text, size);
    check_merge("", 0, text, size);
    free(text);
    return 0;
}
