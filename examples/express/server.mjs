// An API protected by Keyward. KEYWARD_ISSUER and KEYWARD_VERIFY_KEY are lines that `keyward init --api` prints.
import express from 'express';

// --- middleware
// Lets a request through if its API key is good for this scope. If it is not, Keyward says what to answer.
const requireKey = (scope) => async (req, res, next) => {
  const [, key] = /^Bearer +(\S+)$/i.exec(req.get('Authorization') ?? '') ?? [];
  if (!key) return res.status(401).set('WWW-Authenticate', 'Bearer').json({ error: 'An API key is needed.' });
  try {
    const answer = await fetch(`${process.env.KEYWARD_ISSUER}/api/v1/api_keys/verify`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${process.env.KEYWARD_VERIFY_KEY}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ api_key: key, scopes: [scope], ip: req.ip }),
      redirect: 'error',
      signal: AbortSignal.timeout(2000),
    });
    if (answer.status !== 200) throw new Error(`Keyward answered ${answer.status}`);
    const { is_valid, http_status, www_authenticate, message, ...facts } = await answer.json();
    if (is_valid === false && [401, 403, 429].includes(http_status)) {
      if (www_authenticate) res.set('WWW-Authenticate', www_authenticate);
      return res.status(http_status).json({ error: message });
    }
    if (is_valid !== true || http_status !== 200) throw new Error('this is no answer of Keyward');
    req.key = facts;
  } catch (error) {
    // Nothing is known about the key: it is not let through, and not called wrong either.
    console.error('A key could not be verified:', error);
    return res.status(503).set('Retry-After', '1').json({ error: 'The API key cannot be verified now. Try again.' });
  }
  next();
};
// --- end

const app = express();

app.get('/orders', requireKey('read:orders'), (req, res) => {
  res.json({ orders: [{ id: 1, item: 'tea' }], key_id: req.key.key_id, org_code: req.key.org_code });
});

app.post('/orders', requireKey('write:orders'), (req, res) => {
  res.status(201).json({ id: 2, key_id: req.key.key_id, org_code: req.key.org_code });
});

// Behind a proxy, `app.set('trust proxy', …)` makes `req.ip` the caller's address.
const server = app.listen(process.env.PORT ?? 3000, '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
