#include "sink/kafka_error.h"

#include <stddef.h>

#include "base/check.h"

struct kafka_error
kafka_error_of(int code)
{
    static const struct kafka_error rows[] = {
#define KAFKA_ERROR(code, action, error, sentence) {code, KAFKA_##action, ERR_##error, sentence},
#include "sink/kafka_error.tbl.h"
#undef KAFKA_ERROR
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (rows[i].code == code) {
            return rows[i];
        }
    }
    return (struct kafka_error){code, KAFKA_AGAIN, ERR_HTTP_OTHER, "the broker failed"};
}
