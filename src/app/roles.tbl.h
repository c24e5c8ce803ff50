// Every role, one row each, in the order in which they are started:
//   ROLE(id, "name", uid offset, "what it does")
// The uid offset is added to --uid-base when that is given; 0: the role keeps the
// user that started it (the guard must reach the supervisors' files). Nothing else
// in app/ names roles one by one except role.c and appliance_plan().
ROLE(COLLECT, "collect", 1, "reads the clusters and this machine; writes the live table")
ROLE(SERVE, "serve", 2, "serves the page and the API from the live table")
ROLE(RECORD, "record", 3, "keeps the history of the live table on disk")
ROLE(EXPORT, "export", 4, "sends every cycle to the sinks, and what they missed from the history")
ROLE(GUARD, "guard", 0, "kills stuck roles, tells who died when, feeds the watchdog")
