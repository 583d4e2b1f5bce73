/* Chance for back-off: so that many clients, or many operations of one, do not come back at the same moment. */
#ifndef AKS_TRANSPORT_CHANCE_H
#define AKS_TRANSPORT_CHANCE_H

/* A random number from 0 up to, not including, 1; the middle when the system has none to give just now. */
double aks_chance(void);

#endif
