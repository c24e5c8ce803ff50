// Every role, one row each, in the order in which they are started:
//   ROLE(id, "name", uid offset, "what it does")
// The uid offset is added to --uid-base when that is given; 0: the role keeps the
// user that started it (the guard must reach the supervisors' files). record (uid
// offset 3) and export (4) get their rows here when they are built; nothing else
// in app/ names roles one by one except role.c and appliance_plan().
ROLE(COLLECT, "collect", 1, "reads the clusters and this machine; writes the live table")
ROLE(SERVE, "serve", 2, "serves the page and the API from the live table")
ROLE(GUARD, "guard", 0, "kills stuck roles, tells who died when, feeds the watchdog")
