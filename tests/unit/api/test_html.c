#include "../test.h"
#include "api/html.h"

static char room[256];
static struct out out;

static struct text
written(void)
{
    return out_view(&out);
}

TEST(escapes_text)
{
    out = out_of(room, sizeof room);
    html_text(&out, TEXT("<b a='1' c=\"2\">&\x01\xff\xc3\xa9"));
    CHECK_EQUAL_TEXT(written(), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;"
                                "\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9");
}

TEST(escapes_queries)
{
    out = out_of(room, sizeof room);
    html_query_text(&out, TEXT("a-b.c_d~E9 &\"<\xc3"));
    CHECK_EQUAL_TEXT(written(), "a-b.c_d~E9%20%26%22%3C%C3");
}

static void
check_cpu(double millicores, const char *expected)
{
    out = out_of(room, sizeof room);
    html_cpu(&out, millicores);
    CHECK_EQUAL_TEXT(written(), expected);
}

static void
check_duration(int64_t ms, const char *expected)
{
    out = out_of(room, sizeof room);
    html_duration(&out, ms);
    CHECK_EQUAL_TEXT(written(), expected);
}

TEST(units)
{
    check_cpu(-1, "0 m");
    check_cpu(0.25, "0.2 m");
    check_cpu(250, "250 m");
    check_cpu(1250, "1.25 cores");
    check_duration(-5, "0 s");
    check_duration(119999, "119 s");
    check_duration(120000, "2 min");
    check_duration(7200000, "2 h");
    check_duration(INT64_C(9) * 86400000, "9 d");
    out = out_of(room, sizeof room);
    html_percent(&out, 1, 1000);
    html_percent(&out, 1, 0);
    html_bytes(&out, -3);
    CHECK_EQUAL_TEXT(written(), "&lt;1 %0 %0 B");
}

TEST(bars_stay_inside)
{
    out = out_of(room, sizeof room);
    html_bar(&out, 3, 2);
    CHECK_EQUAL_TEXT(written(), "<span class=\"bar full\"><i style=\"width:100.0%\"></i></span>");
    out = out_of(room, sizeof room);
    html_bar(&out, -3, 2);
    CHECK_EQUAL_TEXT(written(), "<span class=\"bar\"><i style=\"width:0.0%\"></i></span>");
    out = out_of(room, sizeof room);
    html_bar(&out, 1, 0);
    CHECK_EQUAL_U64(out.used, 0);
}

int
main(void)
{
    return test_run(
        (struct test_case[]){
            {"escapes_text", escapes_text},
            {"escapes_queries", escapes_queries},
            {"units", units},
            {"bars_stay_inside", bars_stay_inside},
        },
        4);
}
