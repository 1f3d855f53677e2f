"""Every call of Kinde's client that Keyward serves, each answer looked at.

Which calls those are is read from the client itself and from Keyward's document: one that is not made here fails the run.
"""

import inspect
import os
import re
import time

import requests
from kinde_sdk.management import api
from kinde_sdk.management.exceptions import BadRequestException, NotFoundException
from kinde_sdk.management.management_client import ManagementClient

url = os.environ["SERVER_URL"]
client = ManagementClient(url.removeprefix("https://"), os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])


# --- what there is to call, and what was called ----------------------------------------------------------------------


def bare(path):
    return re.sub(r"\{[^}]+\}", "{}", path)


def instance(service):
    """The client's object of a service, under whatever name it has there."""
    return next(value for value in vars(client).values() if isinstance(value, service))


document = requests.get(f"{url}/openapi.json", timeout=10).json()
served = {f"{method.upper()} {bare(path)}" for path, methods in document["paths"].items() for method in methods}
todo, elsewhere = {}, 0


class Calls:
    """Every call by its name; one that is made is no longer to do."""


calls = Calls()
for service_name, service in inspect.getmembers(api, inspect.isclass):
    for name, function in inspect.getmembers(service, inspect.isfunction):
        if not (name.startswith("_") and name.endswith("_serialize")):
            continue
        found = re.search(r"method='(\w+)',\s*resource_path='([^']+)'", inspect.getsource(function))
        operation = f"{found[1]} {bare(found[2])}"
        if operation not in served:
            elsewhere += 1
            continue
        name = name.removeprefix("_").removesuffix("_serialize")
        todo[operation] = f"{service_name}.{name}"

        def call(*arguments, _operation=operation, _method=getattr(instance(service), name), **named):
            todo.pop(_operation, None)
            return _method(*arguments, **named)

        setattr(calls, name, call)
total = len(todo)
assert total >= 63, f"the client has only {total} calls that Keyward serves"


def refused(error, code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error as raised:
        assert code in raised.body, raised.body
        return
    raise AssertionError(f"{code} was expected")


def same(left, right):
    assert left == right, f"{left!r} is not {right!r}"


# --- APIs and scopes -------------------------------------------------------------------------------------------------

api_id = calls.add_apis({"name": "Orders", "audience": "https://api.example.com"}).api.id
scope_id = calls.add_api_scope(api_id, {"key": "read:orders", "description": "Read"}).scope.id
listed = next(row for row in calls.get_apis(expand="scopes").apis if row.id == api_id)
same([listed.audience, listed.scopes[0].key], ["https://api.example.com", "read:orders"])
same(calls.get_api(api_id).api.name, "Orders")
same(calls.get_api_scopes(api_id).scopes[0].id, scope_id)
calls.update_api_scope(api_id, scope_id, {"description": "Read orders"})
same(calls.get_api_scope(api_id, scope_id).scope.description, "Read orders")
refused(NotFoundException, "API_NOT_FOUND", calls.get_api, "0" * 32)
refused(BadRequestException, "AUDIENCE_TAKEN", calls.add_apis, {"name": "A", "audience": "https://api.example.com"})

# --- applications ----------------------------------------------------------------------------------------------------

application = calls.create_application({"name": "Backend", "type": "m2m"}).application
application_id = application.id
same(application.client_id, application_id)
assert application.client_secret
with open(os.environ["SECRETS_SHOWN"], "a") as shown:
    print(application.client_secret, file=shown)
authorised = calls.update_api_applications(api_id, {"applications": [{"id": application_id}]})
same(authorised.applications_connected, [application_id])
calls.add_api_application_scope(api_id, application_id, scope_id)
calls.delete_api_application_scope(api_id, application_id, scope_id)
calls.update_application(application_id, {"name": "Payments"})
calls.update_application_tokens(application_id, {"access_token_lifetime": 600})
same(calls.get_application(application_id).application.name, "Payments")
same([row.id for row in calls.get_applications(sort="name_desc", page_size=1).applications], [application_id])

# --- organizations, users, members -----------------------------------------------------------------------------------

org_code = calls.create_organization({"name": "Acme", "external_id": "customer-42"}).organization.code
calls.update_organization(org_code, update_organization_request={"name": "Acme Inc.", "handle": "acme"})
read = calls.get_organization(code=org_code)
same([read.code, read.name, read.external_id], [org_code, "Acme Inc.", "customer-42"])
same(calls.get_organizations(page_size=10).organizations[0].code, org_code)

identity = {"type": "email", "details": {"email": "ada@example.com"}}
profile = {"given_name": "Ada", "family_name": "Lovelace"}
user = calls.create_user({"profile": profile, "provided_id": "user-7", "identities": [identity]})
same(user.created, True)
user_id = user.id
same(calls.update_user(user_id, {"family_name": "King"}).family_name, "King")
same(calls.get_user_data(user_id).preferred_email, "ada@example.com")
found = calls.get_users(email="ada@example.com", expand="organizations,identities").users
same([found[0].id, found[0].identities[0].identity], [user_id, "ada@example.com"])
same(calls.search_users(query="king").results[0].id, user_id)

calls.create_permission({"name": "Pay", "key": "pay"})
permission_id = calls.get_permissions().permissions[0].id
calls.update_permissions(permission_id, {"name": "Pay bills", "key": "pay"})
role_id = calls.create_role({"name": "Cashier", "key": "cashier"}).role.id
calls.update_roles(role_id, {"name": "Head cashier", "key": "cashier"})
same(calls.get_role(role_id).role.name, "Head cashier")
same(calls.get_roles(sort="name_asc").roles[0].id, role_id)
same(calls.update_role_permissions(role_id, {"permissions": [{"id": permission_id}]}).permissions_added, [permission_id])
same(calls.get_role_permissions(role_id).permissions[0].key, "pay")
system = calls.get_system_permissions().system_permissions
same(len(system), 2)
gained = calls.update_role_system_permissions(role_id, {"system_permissions": [{"id": system[0].id}]})
same(gained.system_permissions_added, [system[0].id])
same(calls.get_role_system_permissions(role_id).system_permissions[0].key, system[0].key)

joined = calls.add_organization_users(org_code, {"users": [{"id": user_id, "roles": ["cashier"]}]})
same(joined.users_added, [user_id])
members = calls.get_organization_users(org_code, roles="cashier", sort="email_asc").organization_users
same([members[0].full_name, members[0].roles], ["Ada King", ["cashier"]])
same(calls.get_organization_role_users(org_code, role_id).users[0].id, user_id)
same(calls.get_organization_role_users_count(org_code, role_id).count, 1)
same(calls.get_role_users(role_id).users[0].org_codes, [org_code])
same(calls.get_organization_user_roles(org_code, user_id).roles[0].key, "cashier")
by_role = calls.get_organization_user_permissions(org_code, user_id, expand="roles").permissions
same(by_role[0].roles[0].key, "cashier")
calls.delete_organization_user_role(org_code, user_id, role_id)
calls.create_organization_user_role(org_code, user_id, {"role_id": role_id})
calls.create_organization_user_permission(org_code, user_id, {"permission_id": permission_id})
calls.delete_organization_user_permission(org_code, user_id, permission_id)
moved = calls.update_organization_users(org_code, {"users": [{"id": user_id, "roles": []}]})
same(moved.users_updated, [user_id])
calls.remove_organization_user(org_code, user_id)
same(calls.get_organization_users(org_code).organization_users, [])

# --- keys ------------------------------------------------------------------------------------------------------------

wanted = {"name": "Production", "type": "organization", "api_id": api_id, "scope_ids": [scope_id], "org_code": org_code}
issued = calls.create_api_key(wanted).api_key


def verify(key):
    return calls.verify_api_key({"api_key": key})


verified = verify(issued.key)
same([verified.code, verified.is_valid, verified.key_id], ["API_KEY_VERIFIED", True, issued.id])
same([verified.scopes, verified.org_code, verified.user_id], [["read:orders"], org_code, None])
keys = calls.get_api_keys(page_size=10, key_type="organization", status="active", org_code=org_code)
same([keys.has_more, [row.id for row in keys.api_keys], keys.api_keys[0].api_ids], [False, [issued.id], [api_id]])
# A count is seen about a second after its verification.
counted_by = time.monotonic() + 30
count = 0
while count == 0 and time.monotonic() < counted_by:
    time.sleep(0.1)
    count = calls.get_api_key(issued.id).api_key.verification_count
same(count, 1)
rotated = calls.rotate_api_key(issued.id)
same([rotated.code, rotated.api_key.id], ["API_KEY_ROTATED", issued.id])
same(verify(issued.key).code, "API_KEY_INVALID")
same(verify(rotated.api_key.key).code, "API_KEY_VERIFIED")
calls.update_organization(org_code, update_organization_request={"is_suspended": True})
same(verify(rotated.api_key.key).code, "API_KEY_OWNER_SUSPENDED")
calls.update_organization(org_code, update_organization_request={"is_suspended": False})
calls.delete_api_key(issued.id)
same(verify(rotated.api_key.key).code, "API_KEY_REVOKED")
refused(NotFoundException, "API_KEY_NOT_FOUND", calls.get_api_key, "api_key_" + "0" * 32)

# --- the end of everything -------------------------------------------------------------------------------------------

calls.remove_role_permission(role_id, permission_id)
calls.delete_role(role_id)
calls.delete_permission(permission_id)
calls.delete_user(user_id, is_delete_profile=True)
refused(NotFoundException, "USER_NOT_FOUND", calls.get_user_data, user_id)
calls.delete_organization(org_code)
calls.delete_application(application_id)
calls.delete_api_scope(api_id, scope_id)
same(calls.delete_api(api_id).code, "API_DELETED")

assert not todo, f"these calls were not made: {sorted(todo.values())}"
print(f"{total} calls of Kinde's client for Python work; {elsewhere} are for what Keyward does not do")
