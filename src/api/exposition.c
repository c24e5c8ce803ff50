#include "api/exposition.h"

#include "base/times.h"

void
exposition_head(struct out *out, const char *name, const char *type, const char *help)
{
    out_string(out, "# HELP skerry_");
    out_string(out, name);
    out_byte(out, ' ');
    out_string(out, help);
    out_string(out, "\n# TYPE skerry_");
    out_string(out, name);
    out_byte(out, ' ');
    out_string(out, type);
    out_byte(out, '\n');
}

void
exposition_begin(struct out *out, const char *name)
{
    out_string(out, "skerry_");
    out_string(out, name);
}

void
exposition_label(struct out *out, char lead, const char *name, struct text value)
{
    out_byte(out, lead);
    out_string(out, name);
    out_string(out, "=\"");
    for (size_t i = 0; i < value.size; i++) {
        char byte = value.at[i];
        if (byte == '\n') {
            out_string(out, "\\n");
            continue;
        }
        if (byte == '"' || byte == '\\') {
            out_byte(out, '\\');
        }
        out_byte(out, byte);
    }
    out_byte(out, '"');
}

void
exposition_end_u64(struct out *out, uint64_t value)
{
    out_byte(out, ' ');
    out_u64(out, value);
    out_byte(out, '\n');
}

void
exposition_end_double(struct out *out, double value)
{
    out_byte(out, ' ');
    out_double(out, value);
    out_byte(out, '\n');
}

void
exposition_end_seconds(struct out *out, int64_t time_ms)
{
    exposition_end_double(out, (double)time_ms / (double)MS_PER_S);
}

void
exposition_u64(struct out *out, const char *name, uint64_t value)
{
    exposition_begin(out, name);
    exposition_end_u64(out, value);
}

void
exposition_labelled_u64(struct out *out, const char *name, const char *label,
                        const char *value, uint64_t number)
{
    exposition_begin(out, name);
    exposition_label(out, '{', label, text_of(value));
    out_byte(out, '}');
    exposition_end_u64(out, number);
}
