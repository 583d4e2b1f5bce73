/* The SSH key that administrators of nodes log in with, when the spec names none: the user's own, or a new one. */
#ifndef AKS_OPERATIONS_SSH_KEY_H
#define AKS_OPERATIONS_SSH_KEY_H

#include "base/error.h"

/* A new text "ssh-rsa AAAA..." of DIRECTORY/id_rsa.pub. When that file is absent but DIRECTORY/id_rsa is there, the
   public key is taken from it and written beside it; when both are absent, a new RSA key is made and both are written
   (the directory 0700, the private key 0600), as `az aks create --generate-ssh-keys` does. No existing file is changed.
   `directory` NULL: ".ssh" in the user's home. NULL on failure: "ssh_key_unavailable". */
char *aks_ssh_key_public(const char *directory, struct aks_error *error);

#endif
