/* Runs a batch of calls for a step. */
#include "operations/gather.h"

#include <stdlib.h>

struct gathered_call {
    struct aks_operation *operation;
    struct aks_call *call;
    size_t key;
    struct gathered_call *next;
};

struct aks_gather {
    struct gathered_call *calls; /* under way */
    bool open;                   /* its calls are still being added */
    aks_gather_answered *answered;
    aks_gather_done *done;
};

void aks_gather_cancel(struct aks_gather *gather)
{
    struct gathered_call *next;

    if (!gather)
        return;
    for (struct gathered_call *at = gather->calls; at; at = next) {
        next = at->next;
        aks_call_cancel(at->call);
        free(at);
    }
    free(gather);
}

static void end_if_over(struct aks_operation *operation)
{
    struct aks_gather *gather = operation->gather;
    aks_gather_done *done = gather->done;

    if (gather->open || gather->calls)
        return;
    operation->gather = NULL;
    free(gather);
    done(operation);
}

static void unlink_call(struct aks_gather *gather, struct gathered_call *call)
{
    struct gathered_call **at = &gather->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

static void on_answer(void *context, struct aks_reply *reply, struct aks_error *error)
{
    struct gathered_call *call = context;
    struct aks_operation *operation = call->operation;
    size_t key = call->key;

    unlink_call(operation->gather, call);
    free(call);
    operation->gather->open = true; /* the answer may add calls */
    operation->gather->answered(operation, key, reply, error);
    operation->gather->open = false;
    end_if_over(operation);
}

void aks_gather_add(struct aks_operation *operation, size_t key, struct aks_call_request *request)
{
    struct aks_gather *gather = operation->gather;
    struct gathered_call *call = malloc(sizeof *call);
    struct aks_error error = {0};

    request->operation = operation->id;
    request->correlation_id = operation->correlation_id;
    if (call) {
        *call = (struct gathered_call){.operation = operation, .key = key, .next = gather->calls};
        call->call = aks_call_start(operation->session, request, on_answer, call, &error);
    } else {
        aks_error_set_no_memory(&error);
    }
    if (call && call->call) {
        gather->calls = call;
        return;
    }
    free(call);
    gather->answered(operation, key, NULL, &error);
    aks_error_clear(&error);
}

void aks_operation_gather(struct aks_operation *operation, void (*begin)(struct aks_operation *operation),
                          aks_gather_answered *answered, aks_gather_done *done)
{
    struct aks_error error = {0};

    operation->gather = malloc(sizeof *operation->gather);
    if (!operation->gather) {
        aks_error_set_no_memory(&error);
        aks_operation_fail(operation, &error);
        return;
    }
    *operation->gather = (struct aks_gather){.open = true, .answered = answered, .done = done};
    aks_operation_tell(operation);
    begin(operation);
    operation->gather->open = false;
    end_if_over(operation);
}
