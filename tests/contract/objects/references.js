import { DurableObject, RpcStub, RpcTarget } from "cloudflare:workers";

// Objects that hand each other functions and objects with methods, and ask for what lies within results.
// references.py holds the same.
class Tally extends RpcTarget {
  constructor(count, log) {
    super();
    this.count = count;
    this.field = 1;
    this.log = log ?? [];
  }
  add(amount) { this.count += amount; return this.count; }
  get value() { return this.count; }
  get parts() { return { a: { b: 7 }, double: (x) => 2 * x }; }
  itself() { return this; }
  fail() { throw Object.assign(new TypeError("bad"), { code: 7 }); }
  fetch(what) { return `fetched ${what}`; }
  text(size) { return "x".repeat(size); }
  size(text) { return text.length; }
  hang() { return new Promise(() => {}); }
  [Symbol.dispose]() { this.log.push(`disposed of ${this.count}`); }
}

class OfObject extends RpcTarget {
  constructor(object) { super(); this.object = object; }
  async put(value) { await this.object.ctx.storage.put("value", value); return value; }
  end() { this.object.ctx.abort("why"); }
  async fail_in_section() {
    await this.object.ctx.blockConcurrencyWhile(() => { throw new Error("bad section"); });
  }
  now() { return Date.now(); }
  hang() { return new Promise(() => {}); }
}

export class Callee extends DurableObject {
  log = [];
  built = Math.random();

  get number() { return 5; }
  get parts() { return { a: { b: 7 }, double: (x) => 2 * x, text: "text", tally: new Tally(5) }; }
  get later() { return scheduler.wait(1000).then(() => 123); }
  get failing() { throw new RangeError("bad property"); }
  get absent() { return undefined; }
  get nothing() { return null; }
  async one() { return 1; }
  async object() { return { a: { b: 7 }, double: (x) => 2 * x, tally: new Tally(5), list: [1, { x: 2 }] }; }
  async list() { return [1]; }
  async map() { return new Map([["k", 1]]); }
  async tally() { return new Tally(3); }
  async disposable() { return { a: 1, [Symbol.dispose]: () => { this.log.push("disposed"); } }; }
  async inside() { return new OfObject(this); }
  async doubler() { return Object.assign((x) => 2 * x, { part: { q: 1 } }); }
  async with_promise(f) { return Object.assign(() => 1, { value: f() }); }
  async with_property(f) { return Object.assign(() => 1, { value: f.dup().part }); }
  async fail() { throw new RangeError("bad"); }
  async call(f, ...args) { return await f(...args); }
  async add(tally, amount) { return await tally.add(amount); }
  async read(tally, name) { return await tally[name]; }
  async ask(tally, name, ...args) { return await tally[name](...args); }
  async echo(value) { return value; }
  async keep(f) { this.kept = f; }
  async keep_dup(f) { this.kept = f.dup(); }
  async use_kept(...args) { return await outcome(() => this.kept(...args)); }
  async dispose_kept() { this.kept[Symbol.dispose](); }
  async give_kept() { return this.kept; }
  async same(first, second) { return first === second; }
  async note(item) { this.log.push(item); return new Tally(item); }
  async notes() { return this.log; }
  async birth() { return this.built; }
  async stored() { return await this.ctx.storage.get("value"); }
  async hold(seconds) {
    await this.ctx.blockConcurrencyWhile(async () => { await scheduler.wait(seconds * 1000); });
  }
  async section_with(f) { return await this.ctx.blockConcurrencyWhile(async () => await f()); }
  async section_with_own() {
    return await this.ctx.blockConcurrencyWhile(async () => {
      return await this.env.CALLEE.getByName("helper").call(() => 12345);
    });
  }
  async other(name) { return this.env.CALLEE.getByName(name); }
  async other_in(name) { return { stub: this.env.CALLEE.getByName(name) }; }
  async who() { return this.ctx.id.name; }
  async name_of(stub) { return await stub.who(); }
  async nested() { return { call: this.env.CALLEE.getByName("z").one() }; }
  async nested_property() { return { property: this.env.CALLEE.getByName("z").number }; }
  async forward() { return this.env.CALLEE.getByName("z").one(); }
  async forward_property() { return this.env.CALLEE.getByName("z").number; }
  async end() { this.ctx.abort("ended"); }
}

// Does as the test says: each scenario is a function below. `s` is a stub of a Callee, `me` the Caller.
export class Caller extends DurableObject {
  async run(name, ...args) {
    return await outcome(() => SCENARIOS[name](this.env.CALLEE.getByName("callee"), this, ...args));
  }
}

const SCENARIOS = {
  read: async (s, me, ...path) => await along(s, path),
  call: async (s, me, path, args) => await along(s, path)(...args),
  result_of: async (s, me, method, path) => await along(s[method](), path),
  call_result_of: async (s, me, method, path, args) => await along(s[method](), path)(...args),
  after_result_of: async (s, me, method, path) => {
    const call = s[method]();
    await outcome(() => call);
    return await along(call, path);
  },
  depth: async (s, me, from) => {
    let at = from === "stub" ? s : s.object();
    for (let depth = 0; depth < 100; depth++) {
      try {
        at = at.x;
      } catch (error) {
        return [depth, told(error)];
      }
    }
  },
  method_as_stub: async (s) => await (await s.one)(),
  promise_twice: async (s) => { const call = s.one(); return [await call, await call]; },
  state_is_shared: async (s) => {
    const call = s.tally();
    const [first, second] = [call.add(1), call.add(1)];
    const tally = await call;
    return [await first, await second, await tally.add(1)];
  },
  order: async (s) => {
    for (let number = 0; number < 5; number++) s.note(number);
    const value = s.note(5).value;
    s.note(6);
    return [await s.notes(), await value];
  },
  order_of_reference: async (s) => {
    const tally = await s.tally();
    return await Promise.all([1, 1, 1, 1].map((amount) => tally.add(amount)));
  },
  dispose_promise: async (s) => {
    const call = s.object();
    call[Symbol.dispose]();
    return [await outcome(() => call.a.b), await outcome(async () => (await call).double(1))];
  },
  dispose_result: async (s) => {
    const call = s.object();
    const result = await call;
    call[Symbol.dispose]();
    return [result.a, await outcome(() => result.double(1)), await outcome(() => call.a)];
  },
  dispose_object: async (s) => {
    const result = await s.disposable();
    await scheduler.wait(100);
    const before = await s.notes();
    result[Symbol.dispose]();
    await scheduler.wait(100);
    return [result.a, Object.keys(result), before, await s.notes()];
  },
  pass_function: async (s) => await s.call((x) => 10 * x, 4),
  pass_tally: async (s) => await s.add(new Tally(1), 4),
  read_of_tally: async (s, me, name) => await s.read(new Tally(3), name),
  ask_of_tally: async (s, me, name, ...args) => await s.ask(new Tally(3), name, ...args),
  call_tally: async (s) => await s.call(new Tally(1)),
  read_of_function: async (s) => await s.read(Object.assign(() => 1, { part: 7 }), "part"),
  ask_part_of_function: async (s) => await s.ask(Object.assign(() => 1, { part: 7 }), "part"),
  function_of_result: async (s) => await (await s.doubler())(4),
  functions_in_result: async (s) => { const o = await s.object(); return [await o.double(4), await o.tally.add(1)]; },
  function_comes_back: async (s) => {
    const f = (x) => 3 * x;
    const back = await s.echo(f);
    return [back === f, await back(2)];
  },
  promise_in_function: async (s) => {
    const f = Object.assign(() => ({ x: 123 }), { part: { x: 456 } });
    return [await s.with_promise(f).value, await outcome(() => s.with_promise(f).value.x),
            await s.with_property(f).value, await outcome(() => s.with_property(f).value.x),
            await outcome(() => s.with_property(f).value())];
  },
  keep: async (s) => { await s.keep(() => 1); return await s.use_kept(); },
  keep_dup: async (s) => {
    await s.keep_dup((x) => x);
    const before = await s.use_kept(2);
    await s.dispose_kept();
    return [before, await s.use_kept(2)];
  },
  give_kept: async (s) => {
    await s.keep_dup((x) => x);
    const given = await s.give_kept();
    return [await given(5), await s.use_kept(5)];
  },
  same_twice: async (s) => { const f = () => 1; return await s.same(f, f); },
  function_throws: async (s, me) => {
    try {
      await s.call(() => { throw Object.assign(new TypeError("bad"), { code: 7 }); });
    } catch (error) {
      return [told(error), error.durableObjectId === me.ctx.id.toString()];
    }
  },
  tally_throws: async (s) => {
    const tally = await s.tally();
    try {
      await tally.fail();
    } catch (error) {
      return [told(error), error.durableObjectId === s.id.toString()];
    }
  },
  disposal: async (s, me, how) => {
    const log = [];
    const tally = new Tally(1, log);
    if (how === "call") await s.add(tally, 1);
    if (how === "failed call") await outcome(() => s.ask(tally, "fail"));
    if (how === "never sent") await outcome(() => s.echo([tally, new (class Instance {})()]));
    if (how === "function") await s.call(Object.assign(() => 1, { [Symbol.dispose]: () => log.push("disposed") }));
    if (how === "stub") new RpcStub(tally)[Symbol.dispose]();
    if (how === "kept") await s.keep_dup(tally);
    await scheduler.wait(100);
    const first = [...log];
    if (how === "kept") await s.dispose_kept();
    await scheduler.wait(100);
    return [first, log];
  },
  own_stub: async (s, me, how) => {
    const stub = new RpcStub(how === "plain" ? { sum: (a, b) => a + b, k: 5 } : new Tally(1));
    if (how === "plain") return [await stub.sum(1, 2), await stub.k];
    if (how === "twice") { stub[Symbol.dispose](); stub[Symbol.dispose](); return "well"; }
    if (how === "dup") { const dup = stub.dup(); stub[Symbol.dispose](); return await dup.add(1); }
    if (how === "sent") return [await s.add(stub, 2), await outcome(() => stub.add(1))];
    stub[Symbol.dispose]();
    if (how === "property") return await stub.value;
    if (how === "sent after") return await s.add(stub, 1);
    return await stub.add(1);
  },
  stub_of: async (s, me, what) => new RpcStub(what === "list" ? [] : new (class Instance {})()) && "made",
  store: async (s, me, what) => {
    const things = { target: () => new Tally(1), stub: async () => await s.tally(), call: () => [s.one()], property: () => [s.one],
                     object: () => s, id: () => me.ctx.id, namespace: () => me.env.CALLEE };
    await me.ctx.storage.put("k", await things[what]());
    return "stored";
  },
  send: async (s, me, what) => {
    const things = { call: () => [s.one()], property: () => [s.one], id: () => me.ctx.id, namespace: () => me.env.CALLEE };
    return await s.echo(things[what]());
  },
  puts_at_home: async (s) => { const inside = await s.inside(); return [await inside.put(1), await s.stored()]; },
  waits_at_home: async (s) => {
    const inside = await s.inside();
    const start = Date.now();
    s.hold(3);
    await scheduler.wait(1);
    await inside.now();
    return Date.now() - start >= 3000;
  },
  section_with_function: async (s) => await s.section_with(() => 5),
  section_with_own: async (s) => await s.section_with_own(),
  home_ends: async (s, me, how) => {
    const stub = me.env.CALLEE.getByName(`ending ${how}`);
    const inside = await stub.inside();
    const calls = [inside.hang(), how === "abort" ? inside.end() : inside.fail_in_section(), inside.now()];
    const outcomes = await Promise.all(calls.map((call) => outcome(() => call)));
    return [...outcomes, await outcome(() => inside.now())];
  },
  too_large: async (s, me, what) => {
    const size = 34 * 1024 * 1024;
    if (what === "argument") return await (await s.tally()).size("x".repeat(size));
    if (what === "pipelined") return (await s.tally().text(size)).length;
    return (await (await s.tally()).text(size)).length;
  },
  stays: async (s, me, what) => {
    const other = me.env.CALLEE.getByName(`stays ${what}`);
    const birth = await other.birth();
    let held = what === "plain" ? await other.list() : await other.object();
    if (what === "disposed of") { held[Symbol.dispose](); held = undefined; }
    if (what === "kept there") { held[Symbol.dispose](); await other.keep_dup(() => 1); }
    await scheduler.wait(25_000);
    return (await me.env.CALLEE.getByName(`stays ${what}`).birth()) === birth;
  },
  stub_comes: async (s) => {
    const stub = await s.other("other");
    return [await stub.who(), await (await s.other_in("other")).stub.who(), await s.other("other").who(),
            await s.other_in("other").stub.who(), await s.other("other").number];
  },
  call_result_of_other: async (s, me, path) => await along(s.other("other"), path)(),
  stub_goes: async (s, me) => await s.name_of(me.env.CALLEE.getByName("z")),
  stub_has: async (s, me, name) => await (await s.other("other"))[name],
  stub_is_fresh: async (s, me) => {
    const stub = me.env.CALLEE.getByName("to end");
    await outcome(() => stub.end());
    const back = await s.echo(stub);
    return [await outcome(() => stub.one()), await outcome(() => back.one())];
  },
  keys: async (s) => {
    const before = Object.keys(s).sort();
    s.mine = () => "mine";
    return [before, Object.keys(s).sort(), s.mine()];
  },
  assign: async (s, me, name) => { s[name] = 5; return "assigned"; },
  local: async (s) => [s.toString(), s.hasOwnProperty("id"), s.hasOwnProperty("one")],
  function_runs_later: async (s) => {
    const log = [];
    const call = s.call(() => { log.push("function"); });
    log.push("after");
    await call;
    return log;
  },
};

function along(at, path) {
  for (const name of path) at = at[name];
  return at;
}

async function outcome(action) {
  try {
    return await action();
  } catch (error) {
    return told(error);
  }
}

function told(error) {
  const names = ["remote", "durableObjectReset", "retryable", "overloaded", "durableObjectId"];
  return { name: error.name, message: error.message, flags: names.filter((name) => error[name]) };
}

export default {};
