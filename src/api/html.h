// Writing HTML: escaped text, and quantities in the units people read.
//
// Everything that came from outside goes through html_text, in element content
// and in quoted attributes alike. Pure.
#ifndef SKERRY_API_HTML_H
#define SKERRY_API_HTML_H

#include "base/text.h"
#include "base/times.h"

// & < > " ' escaped; control bytes and bad UTF-8 become U+FFFD.
void html_text(struct out *out, struct text text);
// A text as part of a query: all but letters, digits and -._~ as %XX.
void html_query_text(struct out *out, struct text text);
// "250 m" below one core, "1.25 cores" from there on.
void html_cpu(struct out *out, double millicores);
// "12.3 MiB"
void html_bytes(struct out *out, double bytes);
// "37 %"; "<1 %" for what is more than nothing.
void html_percent(struct out *out, double part, double whole);
// "12 s", "5 min", "3 h", "9 d"; negative counts as 0.
void html_duration(struct out *out, int64_t ms);
// A bar filled to part/whole, with a class by how full it is. Nothing when
// `whole` is not positive.
void html_bar(struct out *out, double part, double whole);

#endif
