// What a broker's error means (kafka_error.tbl.h). Pure.
#ifndef SKERRY_SINK_KAFKA_ERROR_H
#define SKERRY_SINK_KAFKA_ERROR_H

#include "base/error.h"

enum kafka_action { KAFKA_AGAIN, KAFKA_ELSEWHERE, KAFKA_NEVER };

struct kafka_error {
    int code;
    enum kafka_action action;
    enum error error;
    const char *sentence;
};

// For codes that are not known too.
struct kafka_error kafka_error_of(int code);

#endif
