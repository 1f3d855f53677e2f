// Every call of Kinde's client that Keyward serves, each answer looked at. Which calls those are is read from the client
// itself and from Keyward's document: one that is not made here fails the run.

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import * as kinde from '@kinde/management-api-js';

const url = process.env.SERVER_URL;

// By https the environment says everything; by http the address must be given.
kinde.init(
  process.env.KINDE_DOMAIN
    ? undefined
    : {
        kindeDomain: url,
        clientId: process.env.CLIENT_ID,
        clientSecret: process.env.CLIENT_SECRET,
        audience: `${url}/api`,
      },
);

// --- what there is to call, and what was called --------------------------------------------------------------------

const bare = (path) => path.replace(/\{[^}]+\}/g, '{}');
const document = await (await fetch(`${url}/openapi.json`)).json();
const served = new Set(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${bare(path)}`),
  ),
);
const todo = new Map();
const api = {};
let elsewhere = 0;
for (const [name, service] of Object.entries(kinde)) {
  if (typeof service !== 'function') continue;
  for (const method of Object.getOwnPropertyNames(service)) {
    if (typeof service[method] !== 'function') continue;
    const call = /method: "(\w+)",\s*url: "([^"]+)"/.exec(service[method].toString());
    if (!call) continue;
    const operation = `${call[1]} ${bare(call[2])}`;
    if (!served.has(operation)) {
      elsewhere += 1;
      continue;
    }
    todo.set(operation, `${name}.${method}`);
    api[method] = (options) => {
      todo.delete(operation);
      return service[method](options);
    };
  }
}
const total = todo.size;
assert.ok(total >= 59, `the client has only ${total} calls that Keyward serves`);

const refused = async (status, code, promise) => {
  const error = await promise.then(() => assert.fail(`${code} was expected`), (error) => error);
  assert.ok(error instanceof kinde.ApiError, error);
  assert.equal(error.status, status);
  const { errors } = error.body;
  assert.equal((Array.isArray(errors) ? errors[0] : errors).code, code);
};

// --- APIs and scopes -----------------------------------------------------------------------------------------------

const { api: made } = await api.addApis({ requestBody: { name: 'Orders', audience: 'https://api.example.com' } });
const apiId = made.id;
const { scope } = await api.addApiScope({ apiId, requestBody: { key: 'read:orders', description: 'Read' } });
const scopeId = scope.id;
assert.match(scopeId, /^api_scope_/);
const { apis } = await api.getApis({ expand: 'scopes' });
const listed = apis.find(({ id }) => id === apiId);
assert.deepEqual([listed.audience, listed.scopes[0].key], ['https://api.example.com', 'read:orders']);
assert.equal((await api.getApi({ apiId })).api.name, 'Orders');
assert.equal((await api.getApiScopes({ apiId })).scopes[0].id, scopeId);
await api.updateApiScope({ apiId, scopeId, requestBody: { description: 'Read orders' } });
assert.equal((await api.getApiScope({ apiId, scopeId })).scope.description, 'Read orders');
await refused(404, 'API_NOT_FOUND', api.getApi({ apiId: '0'.repeat(32) }));
await refused(400, 'AUDIENCE_TAKEN', api.addApis({ requestBody: { name: 'A', audience: 'https://api.example.com' } }));

// --- applications --------------------------------------------------------------------------------------------------

const { application } = await api.createApplication({ requestBody: { name: 'Backend', type: 'm2m' } });
const applicationId = application.id;
assert.equal(application.client_id, applicationId);
assert.ok(application.client_secret);
appendFileSync(process.env.SECRETS_SHOWN, `${application.client_secret}\n`);
const authorised = await api.updateApiApplications({ apiId, requestBody: { applications: [{ id: applicationId }] } });
assert.deepEqual(authorised.applications_connected, [applicationId]);
await api.addApiApplicationScope({ apiId, applicationId, scopeId });
await api.deleteApiApplicationScope({ apiId, applicationId, scopeId });
await api.updateApplication({ applicationId, requestBody: { name: 'Payments' } });
await api.updateApplicationTokens({ applicationId, requestBody: { access_token_lifetime: 600 } });
assert.equal((await api.getApplication({ applicationId })).application.name, 'Payments');
const { applications } = await api.getApplications({ sort: 'name_desc', pageSize: 1 });
assert.deepEqual([applications.length, applications[0].id, applications[0].type], [1, applicationId, 'm2m']);

// --- organizations, users, members -----------------------------------------------------------------------------------

const { organization } = await api.createOrganization({ requestBody: { name: 'Acme', external_id: 'customer-42' } });
const orgCode = organization.code;
await api.updateOrganization({ orgCode, requestBody: { name: 'Acme Inc.', handle: 'acme' } });
const read = await api.getOrganization({ code: orgCode });
assert.deepEqual([read.code, read.name, read.external_id], [orgCode, 'Acme Inc.', 'customer-42']);
assert.equal((await api.getOrganizations({ pageSize: 10 })).organizations[0].code, orgCode);

const user = await api.createUser({
  requestBody: {
    profile: { given_name: 'Ada', family_name: 'Lovelace' },
    provided_id: 'user-7',
    identities: [{ type: 'email', details: { email: 'ada@example.com' } }],
  },
});
assert.equal(user.created, true);
const userId = user.id;
assert.equal((await api.updateUser({ id: userId, requestBody: { family_name: 'King' } })).family_name, 'King');
assert.equal((await api.getUserData({ id: userId })).preferred_email, 'ada@example.com');
const found = await api.getUsers({ email: 'ada@example.com', expand: 'organizations,identities' });
assert.deepEqual(found.users[0].identities, [{ type: 'email', identity: 'ada@example.com', connection_id: null }]);
assert.equal((await api.searchUsers({ query: 'king' })).results[0].id, userId);

await api.createPermission({ requestBody: { name: 'Pay', key: 'pay' } });
const { permissions } = await api.getPermissions({});
const permissionId = permissions[0].id;
await api.updatePermissions({ permissionId, requestBody: { name: 'Pay bills', key: 'pay' } });
const { role } = await api.createRole({ requestBody: { name: 'Cashier', key: 'cashier' } });
const roleId = role.id;
await api.updateRoles({ roleId, requestBody: { name: 'Head cashier', key: 'cashier' } });
assert.equal((await api.getRole({ roleId })).role.name, 'Head cashier');
assert.equal((await api.getRoles({ sort: 'name_asc' })).roles[0].id, roleId);
const gained = await api.updateRolePermissions({ roleId, requestBody: { permissions: [{ id: permissionId }] } });
assert.deepEqual(gained.permissions_added, [permissionId]);
assert.equal((await api.getRolePermissions({ roleId })).permissions[0].key, 'pay');

const joined = await api.addOrganizationUsers({ orgCode, requestBody: { users: [{ id: userId, roles: ['cashier'] }] } });
assert.deepEqual(joined.users_added, [userId]);
const members = await api.getOrganizationUsers({ orgCode, roles: 'cashier', sort: 'email_asc' });
assert.deepEqual([members.organization_users[0].full_name, members.organization_users[0].roles], ['Ada King', ['cashier']]);
assert.equal((await api.getOrganizationRoleUsers({ orgCode, roleId })).users[0].id, userId);
assert.deepEqual((await api.getRoleUsers({ roleId })).users, [{ id: userId, org_codes: [orgCode] }]);
assert.equal((await api.getOrganizationUserRoles({ orgCode, userId })).roles[0].key, 'cashier');
const byRole = await api.getOrganizationUserPermissions({ orgCode, userId, expand: 'roles' });
assert.equal(byRole.permissions[0].roles[0].key, 'cashier');
await api.deleteOrganizationUserRole({ orgCode, userId, roleId });
await api.createOrganizationUserRole({ orgCode, userId, requestBody: { role_id: roleId } });
await api.createOrganizationUserPermission({ orgCode, userId, requestBody: { permission_id: permissionId } });
await api.deleteOrganizationUserPermission({ orgCode, userId, permissionId });
const moved = await api.updateOrganizationUsers({ orgCode, requestBody: { users: [{ id: userId, roles: [] }] } });
assert.deepEqual(moved.users_updated, [userId]);
await api.removeOrganizationUser({ orgCode, userId });
assert.deepEqual((await api.getOrganizationUsers({ orgCode })).organization_users, []);

// --- keys ------------------------------------------------------------------------------------------------------------

const issued = await api.createApiKey({
  requestBody: { name: 'Production', type: 'organization', api_id: apiId, scope_ids: [scopeId], org_code: orgCode },
});
const keyId = issued.api_key.id;
const verified = await api.verifyApiKey({ requestBody: { api_key: issued.api_key.key } });
assert.deepEqual(
  [verified.code, verified.is_valid, verified.key_id, verified.scopes, verified.org_code, verified.user_id],
  ['API_KEY_VERIFIED', true, keyId, ['read:orders'], orgCode, null],
);
const keys = await api.getApiKeys({ pageSize: 10, keyType: 'organization', status: 'active', orgCode });
assert.deepEqual([keys.has_more, keys.api_keys.length, keys.api_keys[0].api_ids], [false, 1, [apiId]]);
// A count is seen about a second after its verification.
const countedBy = Date.now() + 30_000;
let count = 0;
while (count === 0 && Date.now() < countedBy) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  count = (await api.getApiKey({ keyId })).api_key.verification_count;
}
assert.equal(count, 1);
const rotated = await api.rotateApiKey({ keyId });
assert.deepEqual([rotated.code, rotated.api_key.id], ['API_KEY_ROTATED', keyId]);
const state = async (key) => (await api.verifyApiKey({ requestBody: { api_key: key } })).code;
assert.equal(await state(issued.api_key.key), 'API_KEY_INVALID');
assert.equal(await state(rotated.api_key.key), 'API_KEY_VERIFIED');
await api.updateOrganization({ orgCode, requestBody: { is_suspended: true } });
assert.equal(await state(rotated.api_key.key), 'API_KEY_OWNER_SUSPENDED');
await api.updateOrganization({ orgCode, requestBody: { is_suspended: false } });
await api.deleteApiKey({ keyId });
assert.equal(await state(rotated.api_key.key), 'API_KEY_REVOKED');
await refused(404, 'API_KEY_NOT_FOUND', api.getApiKey({ keyId: `api_key_${'0'.repeat(32)}` }));

// --- the token -------------------------------------------------------------------------------------------------------

const token = await kinde.getToken();
assert.deepEqual(kinde.jwtDecoder(token).aud, [`${url}/api`]);
if (url.startsWith('https:')) {
  assert.equal(await kinde.validateToken(token, `${url}/api`), true);
  assert.equal(await kinde.validateToken(`${token.slice(0, -9)}AAAAAAAAA`, `${url}/api`), false);
}

// --- the end of everything -------------------------------------------------------------------------------------------

await api.removeRolePermission({ roleId, permissionId });
await api.deleteRole({ roleId });
await api.deletePermission({ permissionId });
await api.deleteUser({ id: userId, isDeleteProfile: true });
await refused(404, 'USER_NOT_FOUND', api.getUserData({ id: userId }));
await api.deleteOrganization({ orgCode });
await api.deleteApplication({ applicationId });
await api.deleteApiScope({ apiId, scopeId });
assert.equal((await api.deleteApi({ apiId })).code, 'API_DELETED');

assert.deepEqual([...todo.values()], [], 'these calls were not made');
console.log(`${total} calls of Kinde's client for JavaScript work; ${elsewhere} are for what Keyward does not do`);
