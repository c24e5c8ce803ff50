#include "api/login.h"

#include <string.h>

#include "api/summary_style.h"

static const char policy[] = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                             "form-action 'self'; frame-ancestors 'none'";

bool
login_is_open(struct text path)
{
    static const struct text open[] = {
        {"/healthz", 8}, {"/readyz", 7}, {"/login", 6}, {"/logout", 7}, {"/healthz/healthz", 16},
    };
    for (size_t i = 0; i < ARRAY_COUNT(open); i++) {
        if (text_equal(path, open[i])) {
            return true;
        }
    }
    return false;
}

static void
write_form(struct out *out, const char *notice)
{
    out_string(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                    "<title>Skerry: log in</title><style>");
    out_string(out, summary_style);
    out_string(out, "main{max-width:460px}form.card{margin-top:8vh;padding:22px}"
                    "input,button{font:inherit;width:100%;padding:9px 11px;border-radius:8px;"
                    "border:1px solid var(--line);background:var(--bg);color:var(--ink)}"
                    "button{margin-top:12px;background:var(--bar);border-color:var(--bar);"
                    "color:var(--card);cursor:pointer}label{display:block;margin:14px 0 6px}"
                    ":focus-visible{outline:2px solid var(--bar);outline-offset:1px}"
                    "</style></head>\n<body><main><form class=\"card\" method=\"post\" action=\"\">"
                    "<h1>Skerry</h1>");
    if (notice[0] != '\0') {
        out_format(out, "<p class=\"alert\" role=\"alert\">%s</p>", notice);
    }
    out_string(out, "<label for=\"token\">Token</label>"
                    "<input id=\"token\" name=\"token\" type=\"password\" required autofocus "
                    "autocomplete=\"current-password\" spellcheck=\"false\">"
                    "<button type=\"submit\">Log in</button>"
                    "<p class=\"note\">On the appliance, <code>skerry token</code> prints it.</p>"
                    "</form></main></body></html>\n");
}

static enum step
form_step(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    write_form(out, "");
    return STEP_DONE;
}

static enum step
wrong_form_step(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    write_form(out, "That is not the token. Copy it as a whole from what "
                    "<code>skerry token</code> prints.");
    return STEP_DONE;
}

static void
answer_form(struct exchange *exchange, unsigned status, exchange_step *step)
{
    exchange_answer(exchange, CONTENT_HTML, step);
    exchange->status = status;
    exchange->policy = policy;
}

void
login_refuse(struct exchange *exchange)
{
    exchange->api->http.unauthorized_total++;
    if (exchange->head.accepts_html) {
        answer_form(exchange, 401, form_step);
    } else {
        exchange_fail(exchange, 401, "a token is needed: Authorization: Bearer TOKEN; `skerry "
                                     "token` on the appliance prints it");
    }
}

void
login_page(struct exchange *exchange)
{
    answer_form(exchange, 200, form_step);
}

void
login_logout(struct exchange *exchange)
{
    struct out cookie = out_of(exchange->set_cookie, sizeof exchange->set_cookie);
    access_write_no_cookie(&cookie);
    (void)out_c_string(&cookie);
    answer_form(exchange, 200, form_step);
}

// Only a path of ours: what begins with two slashes is an address elsewhere.
static bool
is_own_path(const char *target)
{
    if (target[0] != '/' || target[1] == '/' || target[1] == '\\') {
        return false;
    }
    for (size_t i = 0; target[i] != '\0'; i++) {
        if (target[i] <= ' ' || target[i] > '~' || target[i] == '\\') {
            return false;
        }
    }
    return strncmp(target, "/log", 4) != 0;
}

static enum step
nothing_step(struct exchange *exchange, struct out *out)
{
    (void)exchange;
    (void)out;
    return STEP_DONE;
}

void
login_post(struct exchange *exchange, const struct access *access, const char *target, char *body,
           size_t body_bytes)
{
    struct out why = exchange_message(exchange);
    bool parsed = query_parse(&exchange->query, body, body_bytes, &why) == 0;
    struct text token = parsed ? query_get(&exchange->query, TEXT("token")) : TEXT("");
    bool good = access_has_token(access, text_trim(token));
    memset(body, 0, body_bytes);
    exchange->query.count = 0;
    if (!good) {
        exchange->api->http.unauthorized_total++;
        // Each try costs who makes it a connection and a handshake.
        exchange->closes_after = true;
        answer_form(exchange, 401, wrong_form_step);
        return;
    }
    struct out cookie = out_of(exchange->set_cookie, sizeof exchange->set_cookie);
    access_write_cookie(access, exchange->now, &cookie);
    (void)out_c_string(&cookie);
    exchange_answer(exchange, CONTENT_TEXT, nothing_step);
    exchange->status = 303;
    exchange->location = is_own_path(target) ? target : "/";
}
