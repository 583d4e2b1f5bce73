/* UUIDs of RFC 9562: version 5 from a name, version 4 at random. Texts are 36 characters, lower case. */
#ifndef AKS_BASE_UUID_H
#define AKS_BASE_UUID_H

#include <stdbool.h>

#include "base/attributes.h"

#define AKS_UUID_SIZE 37 /* with the NUL */

/* Version 5: the same name always gives the same UUID. `space` is the text of the name space's UUID. */
AKS_CHECK bool aks_uuid_from_name(const char *space, const char *name, char uuid[AKS_UUID_SIZE]);

/* Version 4. False when the system has no randomness to give. */
AKS_CHECK bool aks_uuid_random(char uuid[AKS_UUID_SIZE]);

/* Whether the text is a UUID: 8-4-4-4-12 hexadecimal digits in either case. */
bool aks_uuid_is_valid(const char *text);

#endif
