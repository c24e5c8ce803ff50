/* The faults that concern a whole response. */
#ifndef SIM_FAULT_BODY_H
#define SIM_FAULT_BODY_H

#include "conn.h"

/* Before the handler: true when the fault has answered instead of it, or left
 * the client without an answer. */
bool fault_answers(struct conn *conn, const struct fault *fault, enum fault_kind kind,
                   bool summary);
/* After the handler: cuts, slows or resets its response. */
void fault_spoils(struct conn *conn, const struct fault *fault, enum fault_kind kind);

#endif
