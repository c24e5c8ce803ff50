"""AWS Signature Version 4 (docs.aws.amazon.com/IAM, "Create a signed AWS API request"),
as a server checks it."""

import hashlib
import hmac
import urllib.parse

from strict_protobuf import strict


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    quoted = sorted((urllib.parse.quote(key, "-_.~"), urllib.parse.quote(value, "-_.~"))
                    for key, value in pairs)
    return "&".join("%s=%s" % pair for pair in quoted)


def check(method, path, headers, body, key, secret, region):
    """Body: the bytes as they came."""
    login = headers.get("authorization", "")
    strict(login.startswith("AWS4-HMAC-SHA256 "), "login", login)
    fields = dict(field.strip().split("=", 1) for field in login.split(" ", 1)[1].split(","))
    time = headers["x-amz-date"]
    scope = "%s/%s/es/aws4_request" % (time[:8], region)
    strict(fields["Credential"] == key + "/" + scope, "credential", fields)
    signed = fields["SignedHeaders"].split(";")
    strict(signed == sorted(signed), "signed headers", signed)
    strict({"host", "x-amz-date"} <= set(signed), "signed headers", signed)
    target = urllib.parse.urlsplit(path)
    request = "\n".join(
        [method, urllib.parse.quote(target.path, "/-_.~"), canonical_query(target.query)] +
        ["%s:%s" % (name, " ".join(headers[name].split())) for name in signed] +
        ["", ";".join(signed), hashlib.sha256(body).hexdigest()])
    what = "\n".join(["AWS4-HMAC-SHA256", time, scope,
                      hashlib.sha256(request.encode()).hexdigest()])
    by = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        by = digest(by, part)
    strict(hmac.compare_digest(digest(by, what).hex(), fields["Signature"]), "signature of",
           request)
