/* What the compiler is told about functions. */
#ifndef AKS_BASE_ATTRIBUTES_H
#define AKS_BASE_ATTRIBUTES_H

/* The result says whether the call failed: it must be looked at. */
#define AKS_CHECK __attribute__((warn_unused_result))

/* The parameter at `text` is a printf format for the parameters from `first` on (0: for a va_list). */
#define AKS_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* Exported from the shared object; everything else is hidden. */
#define AKS_PUBLIC __attribute__((visibility("default")))

#endif
