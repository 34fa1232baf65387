// The object under comparison, as the real platform runs it. interpreter.py is the same object for the host in this
// process: a kind of step is one function in STEPS here and one function of the same name there.
//
// A step is [kind, ...arguments]. `it` is what a step may use: the object, its ctx and storage, `face` (the storage, or
// the transaction that the step is part of), and `base`, the instant that delays count from.

import { DurableObject } from "cloudflare:workers";

const SECOND = "second:";
const ADDRESS = "https://example.com/";
const EMPTY = [204, 304];

// The object of that name; those of the second namespace have a mark before theirs.
function stubOf(env, name) {
  return name.startsWith(SECOND) ? env.SECOND.getByName(name.slice(SECOND.length)) : env.INTERPRETER.getByName(name);
}

// Each byte as one letter.
function textOf(buffer) {
  return String.fromCharCode(...new Uint8Array(buffer));
}

async function fetchFrom(it, stub, [method, path, wish, status, body]) {
  const headers = { "x-wish": wish, "x-status": String(status), ...(it.isRetry ? { "x-base": String(it.base) } : {}) };
  const sent = body === null ? undefined : new TextEncoder().encode(body);
  const response = await stub.fetch(ADDRESS + path, { method, headers, body: sent, redirect: "manual" });
  const answer = response.headers.get("x-answer") ?? undefined;
  return [response.status, answer, textOf(await response.arrayBuffer())];
}

function settled(call) {
  return call.then((value) => value, told);
}

const STEPS = {
  // Asynchronous key-value storage

  get: (it, key) => it.face.get(key),
  get_many: (it, keys) => it.face.get(keys),
  put: (it, key, value) => it.face.put(key, value),
  put_many: (it, entries) => it.face.put(entries),
  put_stub: (it, key) => it.storage.put(key, { inside: [it.env.INTERPRETER.getByName("a")] }),
  delete: (it, key) => it.face.delete(key),
  delete_many: (it, keys) => it.face.delete(keys),
  list: (it, options) => it.face.list(options),
  // The row of the alarm goes a moment later on the platform, and at once here (docs/fidelity.md).
  delete_all: async (it) => {
    await it.face.deleteAll();
    await it.storage.sync();
  },
  sync: (it) => it.storage.sync(),
  // Who is woken first afterwards is a race that an answer on its way may lose (docs/decisions/0014-…).
  bookmark: async (it) => {
    const found = await it.storage.getCurrentBookmark();
    await it.storage.sync();
    return found;
  },

  // Synchronous key-value storage

  kv_get: (it, key) => it.storage.kv.get(key),
  kv_put: (it, key, value) => it.storage.kv.put(key, value),
  kv_delete: (it, key) => it.storage.kv.delete(key),
  kv_list: (it, options) => [...it.storage.kv.list(options)],

  // SQL

  sql: (it, statement) => {
    const cursor = it.storage.sql.exec(...statement);
    return [cursor.columnNames, cursor.raw().toArray()];
  },
  sql_one: (it, query) => it.storage.sql.exec(query).one(),
  sql_step: (it, query) => {
    const cursor = it.storage.sql.exec(query);
    return [cursor.next(), cursor.toArray(), cursor.columnNames];
  },
  // Not the number of pages: the platform stores an array that came by a call as a sparse one (docs/fidelity.md).
  database_size: (it) => [it.storage.sql.databaseSize % 4096, it.storage.sql.databaseSize > 4096],

  // Transactions

  transaction: (it, steps) => it.storage.transaction((txn) => interpret({ ...it, face: txn }, steps)),
  transaction_sync: (it, steps) => it.storage.transactionSync(() => interpretNow(it, steps)),
  rollback: (it) => it.face.rollback(),
  escape: (it, steps) => {
    let escaped;
    return it.storage.transaction((txn) => { escaped = txn; }).then(() => interpret({ ...it, face: escaped }, steps));
  },

  // Alarms

  set_alarm: (it, delay) => it.face.setAlarm(it.base + delay),
  set_past_alarm: (it, age) => it.storage.setAlarm(it.base - age),
  get_alarm: (it) => it.face.getAlarm(),
  delete_alarm: (it) => it.face.deleteAlarm(),
  plan: (it, runs) => it.storage.kv.put("alarm plan", runs),

  // Turns, time, other objects

  wait: async (it, delay) => {
    await scheduler.wait(delay);
    return it.now();
  },
  now: (it) => it.now(),
  instance: (it) => (it.object.events += 1),
  who: (it) => [String(it.ctx.id), it.ctx.id.name],
  block: (it, steps) => it.ctx.blockConcurrencyWhile(() => interpret(it, steps)),
  call_other: (it, name, steps) => stubOf(it.env, name).run(steps, it.isRetry ? it.base : undefined),
  call_twice: async (it, name, steps) => {
    const stub = stubOf(it.env, name);
    const calls = [stub.run(steps, it.isRetry ? it.base : undefined), stub.run([["instance"]])];
    return Promise.all(calls.map(settled));
  },
  call_again: async (it, name, steps) => {
    const stub = stubOf(it.env, name);
    const first = await settled(stub.run(steps, it.isRetry ? it.base : undefined));
    const second = await settled(stub.run([["instance"], ["who"]]));
    return [first, second, await settled(fetchFrom(it, stub, ["GET", "", "answer", 200, null]))];
  },
  // Nobody calls this object by its name: whether it knows the name would depend on when stubs are collected.
  call_by_id: (it, steps) => {
    const namespace = it.env.INTERPRETER;
    const nameless = namespace.idFromString(String(namespace.idFromName("nameless")));
    return namespace.get(nameless).run(steps, it.isRetry ? it.base : undefined);
  },
  fetch_other: (it, name, request) => fetchFrom(it, stubOf(it.env, name), request),
  fetch_address: async (it, name, address, headers) => {
    const told = { "x-wish": "answer", "x-status": "200", ...headers };
    const response = await stubOf(it.env, name).fetch(address, { method: "POST", headers: told, redirect: "manual" });
    await response.arrayBuffer();
    return [response.status, response.headers.get("x-answer") ?? undefined];
  },
  call_nothing: (it, name, method) => stubOf(it.env, name)[method](),
  echo: (it, name, value) => stubOf(it.env, name).echo(value),
  abort: (it, reason) => it.ctx.abort(...reason),
};

// This run always throws: if it aborts its object with uncommitted writes, the platform keeps the abandoned alarm, and
// the host in the test's process does not (docs/fidelity.md).
const LAST_TRY = 6;

// What a retry sets must be ahead of it, however late the first try was; see interpreter.py.
const RETRY_MS = 1_000_000_000;
const LATE_MS = 1_500;

const ERRORS = { Error, TypeError, RangeError };

function makeError(name, message, properties) {
  const error = new (ERRORS[name] ?? Error)(message);
  if (!(name in ERRORS)) error.name = name;
  return Object.assign(error, properties);
}

// What a step threw: name, message, and own properties, the platform's flags among them. Known to differ (see
// docs/fidelity.md): the code of a DataCloneError.
function told(error) {
  if (!(error instanceof Error)) return ["threw", String(error)];
  const hidden = ["name", "message", "stack", ...(error.name === "DataCloneError" ? ["code"] : [])];
  const own = Object.getOwnPropertyNames(error).filter((key) => !hidden.includes(key)).sort();
  return ["threw", error.name, error.message, own.map((key) => [key, error[key]])];
}

async function interpret(it, steps) {
  const results = [];
  for (const [kind, ...given] of steps) {
    if (kind === "throw") throw makeError(...given);
    try {
      results.push(await STEPS[kind](it, ...given));
    } catch (error) {
      results.push(told(error));
    }
  }
  return results;
}

function interpretNow(it, steps) {
  const results = [];
  for (const [kind, ...given] of steps) {
    if (kind === "throw") throw makeError(...given);
    try {
      results.push(STEPS[kind](it, ...given));
    } catch (error) {
      results.push(told(error));
    }
  }
  return results;
}

// How the next construction of an object fails, by its id.
const FAILING = new Map();

const FAILURES = {
  throw: () => { throw makeError("TypeError", "not built", { code: 1 }); },
  "write and throw": (it) => {
    it.storage.kv.put("built", 1);
    FAILURES.throw();
  },
  "set an alarm and throw": (it) => {
    it.storage.setAlarm(it.base + 1003);
    FAILURES.throw();
  },
  "throw in a section": (it) => { it.ctx.blockConcurrencyWhile(async () => FAILURES["write and throw"](it)); },
  abort: (it) => it.ctx.abort("not built"),
};

export class Interpreter extends DurableObject {
  events = 0;

  constructor(ctx, env) {
    super(ctx, env);
    const way = FAILING.get(String(ctx.id));
    FAILING.delete(String(ctx.id));
    if (way) FAILURES[way](this.hands(Date.now(), false));
  }

  // Ends this instance; the next one fails to be built.
  fail_next_construction(way) {
    FAILING.set(String(this.ctx.id), way);
    this.ctx.abort("to be built anew");
  }

  ways_to_fail() {
    return Object.keys(FAILURES).sort();
  }

  run(steps, base) {
    return interpret(this.hands(base ?? Date.now(), base !== undefined), steps);
  }

  kinds() {
    return [...Object.keys(STEPS), "throw"].sort();
  }

  echo(value) {
    return value;
  }

  async fetch(request) {
    const { method, url, headers } = request;
    const [status, wish] = [Number(headers.get("x-status")), headers.get("x-wish")];
    const marks = [...headers].filter(([name]) => name.startsWith("x-"));
    const body = await request.arrayBuffer();
    this.ctx.storage.kv.put("request", [method, url, marks, textOf(body)]);
    if (wish === "plan") {
      const base = headers.has("x-base") ? Number(headers.get("x-base")) : Date.now();
      await interpret(this.hands(base, headers.has("x-base")), this.ctx.storage.kv.get("alarm plan")?.[0] ?? []);
    }
    if (wish === "throw") throw makeError("TypeError", "refused", { code: status });
    if (wish === "abort") this.ctx.abort("refused");
    if (wish === "return nothing") return undefined;
    const answer = `${(this.events += 1)} ${wish}`;
    return new Response(EMPTY.includes(status) ? null : body.byteLength ? body : "nothing", { status, headers: { "x-answer": answer } });
  }

  // Things that are known to differ, and no steps for that reason.

  async delete_all_and_abort() {
    await this.ctx.storage.deleteAll();
    this.ctx.abort();
  }

  async write_past_transaction_and_abort() {
    await this.ctx.storage.transaction((txn) => {
      txn.rollback();
      this.ctx.storage.kv.put("k", 1);
      this.ctx.abort();
    });
  }

  async bookmark_and_abort() {
    await this.ctx.storage.getCurrentBookmark();
    this.ctx.abort();
  }

  async call_beside_bookmark_and_abort(name) {
    const stub = stubOf(this.env, name);
    const [, called] = await Promise.all([stub.bookmark_and_abort(), stub.echo("answered")].map(settled));
    return typeof called === "string" ? called : called[0];
  }

  async put_stub_too_late() {
    let escaped;
    await this.ctx.storage.transaction((txn) => { escaped = txn; });
    try {
      await escaped.put("k", this.env.INTERPRETER.getByName("a"));
    } catch (error) {
      return error.name;
    }
  }

  async put_function() {
    return await this.ctx.storage.put("k", () => 1).catch((error) => error.code ?? null);
  }

  async misuse_own_objects() {
    const { storage } = this.ctx;
    const attempts = [storage.list(this.env.INTERPRETER.getByName("a")), storage.put(storage)];
    return (await Promise.allSettled(attempts)).map((each) => each.reason?.name ?? "done");
  }

  counters(query) {
    const cursor = this.ctx.storage.sql.exec(query);
    const readAtFirst = cursor.rowsRead;
    cursor.toArray();
    return [readAtFirst, cursor.rowsRead, cursor.rowsWritten];
  }

  // Each run takes its steps from a stored plan. What it sees is stored; a retry comes at an instant of the platform's
  // choice, so whatever is stored counts from the instant that the alarm was set for.
  async alarm(info) {
    const kv = this.ctx.storage.kv;
    const [steps, ...rest] = kv.get("alarm plan") ?? [];
    kv.put("alarm plan", rest);
    kv.put("alarm runs", (kv.get("alarm runs") ?? 0) + 1);
    kv.put("alarm info", [info.isRetry, info.retryCount, info.scheduledTime]);
    if (info.retryCount === LAST_TRY && kv.get("abort at last")) this.ctx.abort();
    if (info.retryCount === LAST_TRY) throw new Error("last try");
    const isRetry = info.isRetry || Date.now() - info.scheduledTime > LATE_MS;
    const base = info.scheduledTime + (isRetry ? RETRY_MS : 0);
    kv.put("alarm results", await interpret(this.hands(base, isRetry), steps ?? []));
  }

  hands(base, isRetry) {
    const { ctx, env } = this;
    const now = () => (isRetry ? 0 : Date.now());
    return { object: this, ctx, env, storage: ctx.storage, face: ctx.storage, base, isRetry, now };
  }
}

// The same, in a namespace of its own.
export class Second extends Interpreter {}

export default { fetch: () => new Response("") };
