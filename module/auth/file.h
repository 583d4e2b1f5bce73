/* Small files that credentials are made of. */
#ifndef AKS_AUTH_FILE_H
#define AKS_AUTH_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

/* Appends the whole of a regular file, which a link may name. `what` names it in messages: "the certificate". Fails
   with "credential_unavailable", also when the file is empty or the buffer's limit would be exceeded. Does not block.
 */
AKS_CHECK bool aks_file_read(const char *path, const char *what, struct aks_buffer *bytes, struct aks_error *error);

#endif
