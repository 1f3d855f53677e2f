// What an example of a protected API must do, whatever it is written in: before Keyward, without it, and before
// something else that stands in its place.
//
//   TEST_KEYWARD_BINARY=… node protected-api.mjs COMMAND…
//
// COMMAND starts the example with KEYWARD_ISSUER, KEYWARD_VERIFY_KEY and PORT=0, and prints where it listens.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

const keyward = process.env.TEST_KEYWARD_BINARY;
assert.ok(keyward, 'TEST_KEYWARD_BINARY must name the binary');
const example = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'keyward-example-'));
// Nothing of the developer's own settings reaches what is tested.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KEYWARD_')));

// --- processes, ended whatever happens

const children = new Set();
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.on(signal, () => process.exit(status));
}
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

// Starts a program and waits for the line that says where it listens.
function start(command, env, pattern) {
  const child = spawn(command[0], command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const lines = [];
  const ended = new Promise((resolve) => child.once('close', (status) => (children.delete(child), resolve(status))));
  const ready = new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${command.join(' ')} ${why}:\n${lines.join('\n')}`));
    const patience = setTimeout(() => fail('did not start in time'), 30_000);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const found = pattern.exec(line);
        if (found) clearTimeout(patience), resolve(found[1]);
      });
    }
    child.once('error', (error) => (clearTimeout(patience), fail(error.message)));
    ended.then(() => (clearTimeout(patience), fail('ended')));
  });
  const stop = async (signal) => (child.kill(signal), ended);
  return ready.then((found) => ({ found, lines, stop }));
}

async function startExample(issuer, verifyKey) {
  const env = { ...environment, KEYWARD_ISSUER: issuer, KEYWARD_VERIFY_KEY: verifyKey, PORT: '0' };
  const { found, lines, stop } = await start(example, env, /^Listening on (http:\S+)$/);
  return { url: found, lines, stop: () => stop('SIGKILL') };
}

// --- Keyward, and what stands in it

function init(...options) {
  const done = spawnSync(keyward, ['init', '--json', '--data', join(folder, 'data'), ...options], { env: environment });
  assert.equal(done.status, 0, String(done.stderr));
  return JSON.parse(done.stdout);
}

const scopes = ['--scope', 'read:orders', 'write:orders'];
const orders = init('--api', 'Orders', '--audience', 'https://orders.example.com', ...scopes);
const invoices = init('--api', 'Invoices', '--audience', 'https://invoices.example.com', ...scopes);
let server, issuer, api, management;

async function call(method, path, body) {
  const response = await fetch(issuer + path, {
    method,
    headers: { Authorization: `Bearer ${management}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

// A key of one organization that may read orders, unless told otherwise.
async function issue(extra = {}) {
  const request = {
    name: 'Production', api_id: orders.api_id, scope_ids: ['read:orders'],
    org_external_id: 'customer-42', create_owner: true, ...extra,
  };
  return (await call('POST', '/api/v1/api_keys', request)).api_key;
}

const ask = (key, method = 'GET', url = api.url) =>
  fetch(`${url}/orders`, { method, headers: key === undefined ? {} : { Authorization: `Bearer ${key}` } });

async function refused(response, status, challenge) {
  await response.text();
  assert.equal(response.status, status);
  assert.equal(response.headers.get('WWW-Authenticate'), challenge);
}

async function unknown(response) {
  await response.text();
  assert.equal(response.status, 503);
  assert.match(response.headers.get('Retry-After') ?? '', /^\d+$/);
  assert.equal(response.headers.get('WWW-Authenticate'), null);
}

before(async () => {
  const command = [keyward, 'serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0'];
  const pattern = /"Keyward is ready","listen":"([^"]+)"/;
  server = await start(command, { ...environment, KEYWARD_LOG_FORMAT: 'json', KEYWARD_LOG_LEVEL: 'trace' }, pattern);
  issuer = `http://${server.found}`;
  const { client_id, client_secret } = orders;
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
  management = (await (await fetch(`${issuer}/oauth2/token`, { method: 'POST', body })).json()).access_token;
  api = await startExample(issuer, orders.verify_key);
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
});

// --- what it must do

test('a key with the scope is let through, and the handler knows whose it is', async () => {
  const key = await issue();
  const response = await ask(key.key);
  assert.equal(response.status, 200);
  const { key_id, org_code } = await response.json();
  assert.equal(key_id, key.id);
  assert.match(org_code, /^org_/);
});

test('the scheme may be written in any case', async () => {
  const { key } = await issue();
  const response = await fetch(`${api.url}/orders`, { headers: { Authorization: `bearer ${key}` } });
  assert.equal(response.status, 200);
});

test('a key without the scope is 403 and told which it lacks', async () => {
  const { key } = await issue();
  const challenge = 'Bearer error="insufficient_scope", scope="write:orders"';
  await refused(await ask(key, 'POST'), 403, challenge);
  const { key: writer } = await issue({ scope_ids: ['write:orders'] });
  assert.equal((await ask(writer, 'POST')).status, 201);
});

test('no key is 401 without an error code', async () => {
  await refused(await ask(undefined), 401, 'Bearer');
  for (const Authorization of ['Basic YTpi', 'Bearer', 'Bearer ', 'Token abc']) {
    await refused(await fetch(`${api.url}/orders`, { headers: { Authorization } }), 401, 'Bearer');
  }
});

test('garbage is 401', async () => {
  const { key } = await issue();
  const last = key.at(-1) === 'a' ? 'b' : 'a';
  for (const garbage of ['garbage', key.slice(0, -1) + last, 'x'.repeat(4096), '"}{"', orders.verify_key]) {
    await refused(await ask(garbage), 401, 'Bearer error="invalid_token"');
  }
});

test('a revoked key is 401 from the next request on', async () => {
  const { id, key } = await issue();
  assert.equal((await ask(key)).status, 200);
  await call('DELETE', `/api/v1/api_keys/${id}`);
  await refused(await ask(key), 401, 'Bearer error="invalid_token"');
});

test('a key of another API is not let through', async () => {
  const { key } = await issue({ api_id: invoices.api_id });
  const response = await ask(key);
  await response.text();
  assert.ok([401, 403].includes(response.status), `${response.status}`);
});

test('a key is held to its addresses', async () => {
  assert.equal((await ask((await issue({ allowed_cidrs: ['127.0.0.0/8'] })).key)).status, 200);
  const response = await ask((await issue({ allowed_cidrs: ['203.0.113.0/24'] })).key);
  await response.text();
  assert.equal(response.status, 403);
});

test('whatever else answers in the place of Keyward, nobody is let through or called wrong', async (t) => {
  let answer;
  const fake = createServer((request, response) => {
    // A redirect leads to an answer that would let through.
    const [status, body, headers] = request.url === '/elsewhere' ? [200, verified] : answer;
    if (status) response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
  });
  await new Promise((resolve) => fake.listen(0, '127.0.0.1', resolve));
  t.after(() => (fake.close(), fake.closeAllConnections()));
  const beside = await startExample(`http://127.0.0.1:${fake.address().port}`, 'anything');
  t.after(() => beside.stop());

  const facts = { code: 'API_KEY_VERIFIED', message: 'Fine.', scopes: [], revision: 1, www_authenticate: null };
  const verified = JSON.stringify({ ...facts, is_valid: true, http_status: 200 });
  const refusal = (http_status) => JSON.stringify({ ...facts, is_valid: false, http_status });
  answer = [200, verified];
  assert.equal((await ask('key', 'GET', beside.url)).status, 200, 'the fake can be told from nonsense');

  for (const [name, ...told] of [
    ['401', 401, '{"errors":[{"code":"TOKEN_INVALID","message":"…"}]}'],
    ['401 with what would let through', 401, verified],
    ['403', 403, '{}'],
    ['429', 429, '{}'],
    ['500', 500, 'broken'],
    ['503', 503, refusal(401)],
    ['202 with what would let through', 202, verified],
    ['a redirect', 307, '', { Location: '/elsewhere' }],
    ['garbage', 200, '<html>It works!</html>'],
    ['nothing', 200, ''],
    ['an empty object', 200, '{}'],
    ['null', 200, 'null'],
    ['a list', 200, '[]'],
    ['half an answer', 200, verified.slice(0, -9)],
    ['truth as a text', 200, verified.replace('"is_valid":true', '"is_valid":"true"')],
    ['valid with a refusal', 200, verified.replace('"http_status":200', '"http_status":401')],
    ['a refusal without a status', 200, JSON.stringify({ ...facts, is_valid: false })],
    ['a refusal with 200', 200, refusal(200)],
    ['a refusal with 302', 200, refusal(302)],
    ['a refusal with nonsense', 200, refusal(99999)],
    ['silence', null],
  ]) {
    await t.test(name, async () => {
      answer = told;
      await unknown(await ask('key', 'GET', beside.url));
    });
  }
});

test('a credential that Keyward no longer knows is our trouble, and not that of the caller', async (t) => {
  const beside = await startExample(issuer, 'unknown');
  t.after(() => beside.stop());
  await unknown(await ask((await issue()).key, 'GET', beside.url));
});

// What has the form of a key's secret or of a token.
const SECRET = /_(live|test|adm)_[0-9A-Za-z]{50}|eyJ0eXAiOiJKV1Qi/;

test('when Keyward has stopped, the answer is 503, and its log holds no key', async () => {
  const { key } = await issue();
  assert.equal(await server.stop('SIGTERM'), 0);
  const data = join(folder, 'data');
  const names = readdirSync(data, { recursive: true }).filter((name) => name !== 'secret.key');
  const kept = names.map((name) => join(data, name)).filter((path) => statSync(path).isFile());
  const said = [server.lines.join('\n'), ...kept.map((name) => readFileSync(name, 'latin1'))];
  assert.ok(SECRET.test(key) && said.length > 2 && server.lines.length > 10);
  for (const text of said) assert.ok(!SECRET.test(text) && !text.includes(orders.client_secret), text);
  await unknown(await ask(key));
  await unknown(await ask('garbage'));
  await refused(await ask(undefined), 401, 'Bearer');
  const log = api.lines.join('\n');
  assert.ok(!log.includes(key) && !log.includes(orders.verify_key), log);
  await api.stop();
});
