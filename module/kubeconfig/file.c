/* Reads, merges and replaces a kubeconfig under its locks. */
#include "kubeconfig/file.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kubeconfig/addition.h"
#include "kubeconfig/disk.h"
#include "kubeconfig/lock.h"
#include "kubeconfig/path.h"

/* How often the work is done again because a program that does not lock wrote the file meanwhile. */
#define ATTEMPT_LIMIT 10

#define MODE_BITS 07777
#define OWN_MODE 0600
#define FOREIGN_BITS 07077 /* all but the user's own */

/* One attempt may have to be repeated. */
enum outcome { FAILED, DONE, AGAIN };

struct save {
    const char *path; /* as the user says it */
    const char *text; /* the new kubeconfig */
    size_t length;
    const struct aks_kubeconfig_options *options;
    struct aks_kubeconfig_saved *saved;
    struct aks_error *error;
    char *target; /* what the path leads to */
    struct aks_lock link_lock, lock;
    struct aks_disk_file file;
    struct aks_yaml existing, addition;
};

static bool check_path(const char *path, struct aks_error *error)
{
    size_t length = strlen(path);

    if (length > 0 && path[length - 1] != '/')
        return true;
    aks_error_set(error, "value_not_allowed", "'%s' is not the path of a file", path);
    aks_error_note(&error->target, "path");
    aks_error_note(&error->hint, "give the file itself, such as /home/me/.kube/config");
    return false;
}

static bool load_addition(struct save *save)
{
    return aks_yaml_load(&save->addition, "the new kubeconfig", save->text, save->length, save->error);
}

/* Nothing is made or locked for something that cannot be merged into any file. */
static bool check_addition(struct save *save)
{
    char *name = NULL;
    bool ok =
        load_addition(save) && aks_kubeconfig_prepare(&save->addition, save->options->context, &name, save->error);

    free(name);
    aks_yaml_clear(&save->addition);
    return ok;
}

/* The lock of the path, which other programs take, and, when it is a link, that of what it leads to, which other links
   may lead to as well: in this order, and never the other way round. */
static bool take_locks(struct save *save, double deadline)
{
    if (!aks_kubeconfig_make_directory(save->path, save->error) ||
        !aks_lock_take(&save->lock, save->path, deadline, save->error))
        return false;
    save->target = aks_kubeconfig_resolve(save->path, save->error);
    if (!save->target || strcmp(save->target, save->path) == 0)
        return save->target != NULL;
    save->link_lock = save->lock;
    save->lock = (struct aks_lock){0};
    return aks_kubeconfig_make_directory(save->target, save->error) &&
           aks_lock_take(&save->lock, save->target, deadline, save->error);
}

static bool read_existing(struct save *save)
{
    struct aks_buffer text;
    bool ok;

    aks_buffer_init(&text, AKS_YAML_SIZE_LIMIT);
    ok = aks_disk_read(&save->file, save->target, &text, save->error) &&
         aks_yaml_load(&save->existing, save->target, text.data ? text.data : "", text.length, save->error);
    aks_buffer_erase(&text);
    return ok;
}

/* The mode that the file is to have: its own when nobody else may use it. */
static mode_t wanted_mode(const struct save *save)
{
    mode_t mode = save->file.status.st_mode & MODE_BITS;

    return save->file.exists && (mode & FOREIGN_BITS) == 0 ? mode : OWN_MODE;
}

static bool is_writable(struct save *save)
{
    if (!save->file.exists || save->file.status.st_mode & S_IWUSR)
        return true;
    aks_error_set(save->error, "file_failed", "%s is read-only (mode %04o)", save->target,
                  (unsigned)(save->file.status.st_mode & MODE_BITS));
    aks_error_note(&save->error->hint, "chmod u+w the file if it is to be changed, or give the path of another one");
    return false;
}

static enum outcome write_merged(struct save *save)
{
    struct aks_buffer text;
    bool stale = false, ok;

    aks_buffer_init(&text, AKS_YAML_SIZE_LIMIT);
    ok = is_writable(save) && aks_yaml_write(&save->existing, &text, save->error) &&
         aks_disk_replace(&save->file, &save->lock, &text, wanted_mode(save), &stale, save->error);
    aks_buffer_erase(&text);
    if (!ok)
        return FAILED;
    return stale ? AGAIN : DONE;
}

static enum outcome attempt(struct save *save)
{
    struct aks_kubeconfig_changes *changes = &save->saved->changes;
    enum outcome outcome = DONE;
    mode_t mode;

    if (!read_existing(save) || !load_addition(save) ||
        !aks_kubeconfig_merge(&save->existing, &save->addition, save->options, changes, save->error))
        return FAILED;
    mode = wanted_mode(save);
    save->saved->mode_changed = save->file.exists && (save->file.status.st_mode & MODE_BITS) != mode;
    save->saved->previous_mode = save->file.status.st_mode & MODE_BITS;
    if (aks_kubeconfig_has_changed(changes))
        outcome = write_merged(save);
    else if (save->saved->mode_changed && !aks_disk_set_mode(&save->file, mode, save->error))
        outcome = FAILED;
    return outcome;
}

static bool save_locked(struct save *save)
{
    enum outcome outcome = AGAIN;

    for (int count = 0; outcome == AGAIN && count < ATTEMPT_LIMIT; count++) {
        outcome = attempt(save);
        aks_yaml_clear(&save->existing);
        aks_yaml_clear(&save->addition);
    }
    if (outcome == AGAIN) {
        aks_error_set(save->error, "file_failed", "%s is written again and again by another program", save->target);
        save->error->retryable = true;
    }
    return outcome == DONE;
}

bool aks_kubeconfig_save(const char *path, const char *text, size_t length,
                         const struct aks_kubeconfig_options *options, double patience,
                         struct aks_kubeconfig_saved *saved, struct aks_error *error)
{
    struct save save = {
        .path = path, .text = text, .length = length, .options = options, .saved = saved, .error = error};
    bool ok;

    aks_kubeconfig_saved_clear(saved);
    ok = check_path(path, error) && check_addition(&save) && take_locks(&save, aks_clock_monotonic() + patience) &&
         save_locked(&save);
    aks_lock_release(&save.lock);
    aks_lock_release(&save.link_lock);
    free(save.target);
    if (!ok)
        aks_kubeconfig_saved_clear(saved);
    return ok;
}

void aks_kubeconfig_saved_clear(struct aks_kubeconfig_saved *saved)
{
    aks_kubeconfig_changes_clear(&saved->changes);
    *saved = (struct aks_kubeconfig_saved){0};
}
