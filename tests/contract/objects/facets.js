import { DurableObject } from "cloudflare:workers";

// An object with facets, which have facets in turn. facets.py holds the same.

const FLAGS = ["remote", "retryable", "durableObjectReset"];

async function outcome(action) {
  try {
    return ["ok", await action()];
  } catch (error) {
    return [error.name, error.message, FLAGS.filter((flag) => error[flag] === true)];
  }
}

export class Node extends DurableObject {
  bumps = 0;
  startups = [];
  plans = {};
  heard = [];

  // On itself

  async bump() { return ++this.bumps; }
  async count() {
    const count = (this.ctx.storage.kv.get("count") ?? 0) + 1;
    this.ctx.storage.kv.put("count", count);
    return count;
  }
  async storage(method, ...args) { return await this.ctx.storage[method](...args); }
  async wait(seconds) { await scheduler.wait(seconds * 1000); return seconds; }
  async put_wait_put() {
    this.ctx.storage.kv.put("before", 1);
    await scheduler.wait(1000);
    this.ctx.storage.kv.put("after", 1);
  }
  async in_background(seconds) { this.ctx.waitUntil(scheduler.wait(seconds * 1000)); }
  async whoami() {
    const { id } = this.ctx;
    return typeof id === "string" ? ["text", id] : ["id", String(id), id.name];
  }
  async fail() { throw new TypeError("from below"); }
  async abort_itself(reason) { this.ctx.storage.kv.put("lost", 1); this.ctx.abort(reason); }
  async arm() {
    await this.ctx.storage.setAlarm(4_102_444_800_000);
    this.ctx.storage.kv.put("armed", 1);
    return await this.ctx.storage.getAlarm();
  }
  async alarm() {}

  // On its facets

  facet(name) { return this.ctx.facets.get(name, () => this.start(name)); }
  start(name) {
    this.startups.push(name);
    return { class: this.ctx.exports.Node, ...this.plans[name] };
  }
  async started() { return this.startups; }
  async plan(name, options) { this.plans[name] = { ...options, class: this.ctx.exports[options.class ?? "Node"] }; }
  async plan_own_id(name, of) { this.plans[name] = { id: this.env.ROOT.idFromName(of) }; }
  async plan_anything(name, options) { this.start = () => options; }
  async to(name, method, ...args) { return await outcome(() => this.facet(name)[method](...args)); }
  async verb(verb, ...args) { return await outcome(() => this.ctx.facets[verb](...args)); }
  async get_only(name) { this.facet(name); }
  async look(name) {
    const stub = this.facet(name);
    return [stub.constructor === this.facet(name).constructor, typeof stub.id === "function", typeof stub.name === "function"];
  }
  async hold(name) { this.held = this.facet(name); return await this.held.bump(); }
  async ask_held(method, ...args) { return await outcome(() => this.held[method](...args)); }
  async send_to(name, seconds) { this.heard.push(await outcome(() => this.facet(name).wait(seconds))); }
  async what_was_heard() { return this.heard; }
  async request(name) { return await (await this.facet(name).fetch("http://facet/path")).text(); }
  async fetch(request) { return new Response(`asked for ${request.url}`); }
  async order_of_startup(name) {
    const stub = this.ctx.facets.get(name, () => { this.startups.push("startup"); return { class: this.ctx.exports.Node }; });
    this.startups.push("got");
    await scheduler.wait(10);
    const call = stub.bump();
    this.startups.push("called");
    await call;
    return this.startups;
  }
  async two_calls_one_startup(name) {
    let open;
    const gate = new Promise((resolve) => { open = resolve; });
    const start = async () => { this.startups.push(name); await gate; return { class: this.ctx.exports.Node }; };
    const stubs = [this.ctx.facets.get(name, start), this.ctx.facets.get(name, start)];
    const calls = Promise.all(stubs.map((stub) => outcome(() => stub.bump())));
    await scheduler.wait(1000);
    open();
    return [await calls, this.startups];
  }
  async abort_while_starting(name) {
    let open;
    const gate = new Promise((resolve) => { open = resolve; });
    const stub = this.ctx.facets.get(name, async () => { await gate; return { class: this.ctx.exports.Node }; });
    let wasAnswered = false;
    const call = outcome(() => stub.bump()).then((result) => { wasAnswered = true; return result; });
    await scheduler.wait(1000);
    this.ctx.facets.abort(name, new Error("aborted during startup"));
    await scheduler.wait(1000);
    const answered = wasAnswered;
    open();
    return [answered, await call];
  }
  async startup_that_fails(name) {
    const start = () => { throw new RangeError("no startup"); };
    const first = await outcome(() => this.ctx.facets.get(name, start).bump());
    const second = await outcome(() => this.facet(name).bump());
    this.ctx.facets.abort(name, new Error("again"));
    return [first, second, await outcome(() => this.facet(name).bump())];
  }
  async abort_and_ask(name, reason) {
    const stub = this.facet(name);
    await stub.bump();
    this.ctx.facets.abort(name, reason);
    return await outcome(() => stub.bump());
  }
  async abort_with_error(name) { return await this.abort_and_ask(name, new RangeError("my reason")); }
  async interrupt(name, verb, ...args) {
    const stub = this.facet(name);
    const underWay = outcome(() => stub.put_wait_put());
    await scheduler.wait(100);
    this.ctx.facets[verb](...args);
    return [await underWay, await outcome(() => stub.bump())];
  }
  async empty_itself(name) {
    const stub = this.facet(name);
    const underWay = outcome(() => stub.put_wait_put());
    await scheduler.wait(100);
    await this.ctx.storage.deleteAll();
    return [await underWay, await outcome(() => stub.bump())];
  }
  async call_within_a_section(name) { return await this.ctx.blockConcurrencyWhile(async () => await this.facet(name).bump()); }
  async send_a_facet(how) {
    const stub = this.facet("sent");
    switch (how) {
      case "argument": return await outcome(() => this.env.ROOT.getByName("other").storage("put", "k", stub));
      case "storage": return await outcome(() => this.ctx.storage.put("k", stub));
      case "kv": return await outcome(() => this.ctx.storage.kv.put("k", stub));
    }
    return stub;
  }
  async abort_root() { this.ctx.abort("root's own"); }
  async call_root_back(hex) { return await this.env.ROOT.get(this.env.ROOT.idFromString(hex)).bump(); }
}

export class Root extends Node {}

export class Other extends DurableObject {
  async get(key) { return await this.ctx.storage.get(key); }
}

export class Failing extends DurableObject {
  constructor(ctx, env) { super(ctx, env); throw new RangeError("no way"); }
}

export class Bare {}

export default {};
