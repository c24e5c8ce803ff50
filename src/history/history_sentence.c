#include "history/history.h"

const char *
history_sentence(int error)
{
    switch (error < 0 ? -error : error) {
    case ERR_BUSY:
        return "another process writes into it";
    case ERR_NO_FILE:
        return "the file is gone, or not there yet";
    case ERR_MALFORMED:
        return "the file is damaged";
    case ERR_LAYOUT:
        return "it was made by a newer version of the program";
    case ERR_BAD_TIME:
        return "the cycle is not newer than those that are recorded";
    default:
        return error_sentence(error);
    }
}
