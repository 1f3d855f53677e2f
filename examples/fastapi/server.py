"""An API protected by Keyward. KEYWARD_ISSUER and KEYWARD_VERIFY_KEY are lines that `keyward init --api` prints."""

import logging
import os
import re
import socket

import httpx
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request

# --- middleware
keyward = httpx.AsyncClient(timeout=2)


def require_key(scope):
    """Lets a request through if its API key is good for this scope. If it is not, Keyward says what to answer."""

    async def check(request: Request):
        found = re.fullmatch(r"Bearer +(\S+)", request.headers.get("Authorization", ""), re.IGNORECASE)
        if not found:
            raise HTTPException(401, "An API key is needed.", {"WWW-Authenticate": "Bearer"})
        try:
            answer = await keyward.post(
                f"{os.environ['KEYWARD_ISSUER']}/api/v1/api_keys/verify",
                headers={"Authorization": f"Bearer {os.environ['KEYWARD_VERIFY_KEY']}"},
                json={"api_key": found[1], "scopes": [scope], "ip": request.client.host},
            )
            if answer.status_code != 200:
                raise ValueError(f"Keyward answered {answer.status_code}")
            facts = answer.json()
            told = (facts["is_valid"], facts["http_status"])
            if told not in [(True, 200), (False, 401), (False, 403), (False, 429)] or type(told[0]) is not bool:
                raise ValueError("this is no answer of Keyward")
        except Exception as error:
            # Nothing is known about the key: it is not let through, and not called wrong either.
            logging.error("A key could not be verified: %r", error)
            raise HTTPException(503, "The API key cannot be verified now. Try again.", {"Retry-After": "1"}) from None
        if not facts["is_valid"]:
            challenge = facts.get("www_authenticate")
            headers = {"WWW-Authenticate": challenge} if challenge else None
            raise HTTPException(facts["http_status"], facts.get("message"), headers)
        return facts

    return Depends(check)
# --- end


app = FastAPI()


@app.get("/orders")
async def list_orders(key: dict = require_key("read:orders")):
    return {"orders": [{"id": 1, "item": "tea"}], "key_id": key.get("key_id"), "org_code": key.get("org_code")}


@app.post("/orders", status_code=201)
async def create_order(key: dict = require_key("write:orders")):
    return {"id": 2, "key_id": key.get("key_id"), "org_code": key.get("org_code")}


if __name__ == "__main__":
    # Behind a proxy, uvicorn's `proxy_headers` and `forwarded_allow_ips` make `request.client` the caller's address.
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "8000"))))
    print(f"Listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
