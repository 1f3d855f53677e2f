"""How schemathesis asks for a token, which ids it tries, and what it holds against the answers beside its own checks."""

import os
import re

import requests
import schemathesis

url = os.environ["SERVER_URL"]
client_id, client_secret = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
MALFORMED = {"BODY_MALFORMED", "FIELD_MISSING", "FIELD_UNKNOWN", "FIELD_DUPLICATE", "FIELD_INVALID"}

# Rules that JSON Schema has no words for: a request may fit the document and break one of these.
UNWRITABLE = [
    ("must be an IPv4 or IPv6 address", "two formats, and `format` is a hint"),
    ("must be an address or a CIDR range", "there is no format for ranges"),
    ("`expires_on` must lie in the future", "the document has no clock"),
    ("must be an RFC 3339 date and time", "a leap second fits `date-time`, and is none of our instants"),
    ("hours before `until`", "how far apart two instants are"),
    ("days before `until`", "the same"),
    ("`since` must not be after `until`", "the order of two instants"),
    ("`metadata` must be at most 4 KiB of JSON", "bytes of a whole object"),
    ("must be a whole number from", "`7.0`, which JSON Schema takes for a whole number"),
    ("The body is nested more than 16 deep.", "depth of a whole body"),
    ("`filter` must have at least one member", "null counts as absent"),
    ("`filter.scope` must come with `filter.api_id`", "a member that needs another, which may be null"),
    ("must not be given ", "members that exclude each other by the kind of owner"),
    ("`type` must be given when a user and an organization are", "the same"),
    ("`type` is missing, and neither", "the same"),
    ("`user_id` is missing", "the same"),
    ("`org_code` is missing", "the same"),
    ("`type` must be `environment` for the management API, and for no other", "depends on the API"),
    ("is for environment keys alone", "depends on the kind of owner"),
    ("` is missing", "the member of an identity that its `type` names"),
    ("is the second of its type", "unique by a member"),
    ("is named twice", "unique by a member"),
    ("must not be that of another limit", "unique by a member"),
    ("must not be that of another entry", "unique by a member"),
    ("must be at most the limit", "a number that stands beside another"),
    ("must be at most `max_lifetime_seconds`", "the same"),
    ("by the key policy of the API", "depends on what the API asks"),
    ("the key policy of the API lets no key be without an end", "the same"),
    ("must be given: there are keys without an end", "depends on the keys that are there"),
    ("must be one that this list has answered", "a token of a page"),
    ("`next_token` goes with another `sort`", "a token of a page"),
    ("must be the id of a ", "an id that imports may bring in any form"),
    ("begin with the first page", "a place in a list that is not there, or no longer"),
    ("must have 1 to 100 entries", "entries of a list with commas, in a query"),
    ("must be 1 to 254 characters, none of them a control character", "each entry of such a list"),
    ("The path is not UTF-8", "percent-encoding of a path"),
]


class Token:
    """A token of the first application, which may do everything."""

    text = None

    @classmethod
    def get(cls):
        if cls.text is None:
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
            answer = requests.post(f"{url}/oauth2/token", data=form, timeout=10)
            assert answer.status_code == 200, f"the first application gets no token: {answer.text}"
            cls.text = answer.json()["access_token"]
        return cls.text


def is_open(case):
    return not case.operation.path.startswith("/api/v1/")


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return Token.get()

    def set(self, case, data, context):
        if case.operation.path == "/api/v1/api_keys/self":
            # Whoever holds a key shows it, and no token.
            data = things["own_secret"]
        if not is_open(case):
            case.headers["Authorization"] = f"Bearer {data}"


# --- what there is to find -------------------------------------------------------------------------------------------


def make(path, body):
    answer = requests.post(f"{url}{path}", json=body, headers={"Authorization": f"Bearer {Token.get()}"}, timeout=10)
    assert answer.ok, f"POST {path}: {answer.text}"
    return answer.json()


def management_api():
    answer = requests.get(f"{url}/api/v1/apis", headers={"Authorization": f"Bearer {Token.get()}"}, timeout=10)
    return next(api["id"] for api in answer.json()["apis"] if api["is_management_api"])


def make_things():
    """One of each kind, so that requests get behind the 404 for ids that nothing has."""
    api = make("/api/v1/apis", {"name": "Orders", "audience": "https://orders.example"})["api"]["id"]
    org = make("/api/v1/organization", {"name": "Acme"})["organization"]["code"]
    user = make("/api/v1/user", {"profile": {"given_name": "Kim"}})["id"]
    make(f"/api/v1/organizations/{org}/users", {"users": [{"id": user}]})
    # One that no other call can revoke by its id in the path, and that no user or API takes with it.
    machine = {"name": "Own", "type": "environment", "api_id": management_api(), "scope_ids": []}
    return {
        "api_id": api,
        "scope_id": make(f"/api/v1/apis/{api}/scopes", {"key": "read:orders"})["scope"]["id"],
        "application_id": make("/api/v1/applications", {"name": "Backend", "type": "m2m"})["application"]["id"],
        "org_code": org,
        "user_id": user,
        "role_id": make("/api/v1/roles", {"name": "Role", "key": "first"})["role"]["id"],
        "permission_id": make("/api/v1/permissions", {"name": "Permission", "key": "first"})["permission"]["id"],
        "key_id": make("/api/v1/api_keys", {"name": "Key", "api_id": api, "user_id": user})["api_key"]["id"],
        "own_secret": make("/api/v1/api_keys", machine)["api_key"]["key"],
    }


things = make_things()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Half of the requests name something that is there."""
    for name, value in (path_parameters or {}).items():
        if name in things and isinstance(value, str) and len(value) % 2 == 0:
            path_parameters[name] = things[name]
    return path_parameters


@schemathesis.hook
def before_call(context, case, kwargs):
    # The application that asks is not to end itself: whoever names it by chance names nobody.
    for name, value in (case.path_parameters or {}).items():
        if value == client_id:
            case.path_parameters[name] = "0"
    # Who asks for a token as the document wants it has good credentials, whatever else is asked for.
    is_good = case.meta is not None and case.meta.generation.mode.is_positive
    if is_good and case.operation.path == "/oauth2/token" and isinstance(case.body, dict):
        case.body.update(client_id=client_id, client_secret=client_secret)


@schemathesis.hook
def after_call(context, case, response):
    """A signing key that is rotated at once takes every token with it."""
    if case.operation.path == "/api/v1/signing_keys" and case.method == "POST":
        Token.text = None


# --- checks ----------------------------------------------------------------------------------------------------------


def first_error(response):
    try:
        errors = response.json()["errors"]
        return errors[0] if isinstance(errors, list) else errors
    except (ValueError, KeyError, TypeError, IndexError):
        return {"code": "", "message": ""}


@schemathesis.check
def no_server_error(context, response, case):
    """As `not_a_server_error`, but a revision that is still to come is 503 by design."""
    if response.status_code >= 500 and first_error(response)["code"] != "REVISION_NOT_REACHED":
        raise AssertionError(f"{response.status_code} is an error of the server")


@schemathesis.check
def document_knows_each_rule(context, response, case):
    """What fits the document is refused for what is stored, or by a rule that a document cannot tell."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400 or is_open(case):
        return
    error = first_error(response)
    is_unwritable = any(text in error["message"] for text, _ in UNWRITABLE)
    if error["code"] in MALFORMED and not is_unwritable:
        raise AssertionError(f"the document does not tell this rule: {error['message']}")


@schemathesis.check
def errors_have_the_shape(context, response, case):
    """Each refusal has a code and a message, by its own standard, and is not to be stored."""
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    if case.operation.path.startswith("/oauth2/"):
        assert re.fullmatch("[a-z_]+", response.json()["error"])
    else:
        assert re.fullmatch("[A-Z_]+", first_error(response)["code"]), response.text
    assert response.headers.get("cache-control") == ["no-store"], response.headers.get("cache-control")
