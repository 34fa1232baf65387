// The test's hands inside the real platform: a service of its own, next to the unmodified modules of the user.
//
// Each request of the test is one HTTP request with one JSON body; the answer is one JSON text with one of the keys
// "ok", "thrown" (what the user's code threw), "unsupported" (a value this protocol cannot carry) and "harness" (a
// request that makes no sense). requests.py is the other side of `verbs`.
//
// It is also the tail of the user's service: what the platform tells of each event goes to the standard output, one
// line each, behind a mark that nobody else knows. records.py reads it.

import unsafe from "workerd:unsafe";
import { Unsupported, decode, encode, fromBase64 } from "./pytest-durable-values.js";

// Requests.

function namespaceOf(env, className) {
  const namespace = env[`class:${className}`];
  if (namespace === undefined) throw new TypeError(`no class ${className}`);
  return namespace;
}

function stubOf(env, target) {
  const namespace = namespaceOf(env, target.class);
  return namespace.get(target.id === undefined ? namespace.idFromName(target.name) : namespace.idFromString(target.id));
}

async function fetchFrom(fetcher, { url, method, headers, body, redirect }) {
  const response = await fetcher.fetch(url, {
    method, headers, redirect: redirect ?? "manual", body: body === null ? undefined : fromBase64(body),
  });
  if (response.webSocket) throw new Unsupported("a WebSocket");
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    body: await response.arrayBuffer(),
  };
}

function call({ target, method, args }, env) {
  const stub = stubOf(env, target);
  // A few names are the stub's own or nobody's, such as `then`: a promise would call it.
  if (typeof stub[method] !== "function") throw new TypeError(`The RPC receiver does not implement the method "${method}".`);
  return stub[method](...decode(args));
}

// Most run the user's code: what they throw is the user's.
const verbs = {
  call,
  fetch: (request, env) => fetchFrom(stubOf(env, request.target), request),
  fetchWorker: (request, env) => fetchFrom(env.main, request),
  scheduled: ({ cron, time }, env) => env.main.scheduled({ cron: cron ?? "", scheduledTime: new Date(time) }),
  echo: ({ value }) => decode(value),
  evict: ({ target, webSockets }, env) => unsafe.evict(stubOf(env, target), { webSockets }),
  evictAll: ({ webSockets }) => unsafe.evictAllDurableObjects({ webSockets }),
  unsafe: ({ name }) => unsafe[name](),
};

async function answer(request, env) {
  const verb = Object.hasOwn(verbs, request.verb) ? verbs[request.verb] : undefined;
  if (verb === undefined) return { harness: `no verb ${request.verb}` };
  let value;
  try {
    value = await verb(request, env);
  } catch (error) {
    return error instanceof Unsupported ? { unsupported: error.message } : attempt("thrown", error);
  }
  return attempt("ok", value);
}

function attempt(key, value) {
  try {
    return { [key]: encode(value) };
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    throw error;
  }
}

// Records.

const told = {
  onset: ({ info, durableObjectId, entrypoint }) => ({
    kind: info?.type ?? "unknown",
    object: durableObjectId ?? null,
    class: entrypoint ?? null,
    scheduled: info?.scheduledTime === undefined ? null : new Date(info.scheduledTime).getTime(),
    cron: info?.cron ?? null,
  }),
  attributes: ({ info }) => {
    const method = info.find(({ name }) => name === "jsrpc.method");
    return method === undefined ? undefined : { method: String(method.value) };
  },
  exception: ({ name, message, stack }) => ({ name, message, stack: stack ?? null }),
  outcome: ({ outcome }, hasReturned) => ({ outcome, returned: hasReturned }),
};

export default {
  async fetch(request, env) {
    try {
      return Response.json(await answer(await request.json(), env));
    } catch (error) {
      return Response.json({ harness: String(error?.stack ?? error) });
    }
  },

  tailStream(onset, env) {
    let hasReturned = false; // told by an event of its own
    const tell = ({ invocationId, timestamp, event }) => {
      hasReturned ||= event.type === "return";
      const record = told[event.type]?.(event, hasReturned);
      if (record === undefined) return;
      const line = { type: event.type, invocation: invocationId, at: new Date(timestamp).getTime(), ...record };
      console.log(env.mark + JSON.stringify(line));
    };
    tell(onset);
    return tell;
  },
};
