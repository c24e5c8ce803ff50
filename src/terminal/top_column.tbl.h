// The columns of `skerry top` from left to right:
//   COLUMN(id, "TITLE", width, kinds, drop)
// width: 0 for a text as long as its longest; numbers stand to the right. kinds: N
// nodes, P pods, C containers. drop: where the line is too narrow, the highest
// goes first; 0 never goes.
COLUMN(NAMESPACE, "NAMESPACE", 0, P | C, 0)
COLUMN(POD, "POD", 0, C, 0)
COLUMN(NAME, "NAME", 0, N | P | C, 0)
COLUMN(CPU, "CPU", 7, N | P | C, 0)
COLUMN(CPU_SHARE, "CPU%", 5, N | P | C, 1)
COLUMN(MEMORY, "MEMORY", 7, N | P | C, 0)
COLUMN(MEMORY_SHARE, "MEM%", 5, N | P | C, 1)
COLUMN(RECEIVE, "RX/s", 6, N | P, 4)
COLUMN(TRANSMIT, "TX/s", 6, N | P, 4)
COLUMN(RESTARTS, "RESTARTS", 9, P | C, 2)
COLUMN(PODS, "PODS", 5, N, 3)
COLUMN(AGE, "AGE", 6, N | P | C, 5)
COLUMN(STATUS, "STATUS", 16, N | P | C, 0)
COLUMN(NODE, "NODE", 0, P | C, 6)
