import { DurableObject } from "cloudflare:workers";

const sleep = (seconds) => scheduler.wait(seconds * 1000);

// Objects whose construction can fail and which end in many ways. lives.py holds the same.
export class Life extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.memory = [];
    const trouble = ctx.storage.kv.get("trouble");
    if (trouble === "throw") {
      ctx.storage.kv.put("trace", 1);
      throw new RangeError("no life");
    }
    if (trouble === "abort") ctx.abort("not today");
    if (trouble === "section fails") ctx.blockConcurrencyWhile(async () => { throw new TypeError("no section"); });
    if (trouble === "slow") {
      ctx.blockConcurrencyWhile(async () => {
        await sleep(5);
        this.memory.push("ready");
      });
    }
    if (trouble === "arm") ctx.storage.setAlarm(Date.now() + 60_000);
  }

  async store(key, value) { await this.ctx.storage.put(key, value); }
  async load(key) { return await this.ctx.storage.get(key); }
  async remember(item) {
    this.memory.push(item);
    return this.memory;
  }
  async remembered() { return this.memory; }
  async named() { return [this.ctx.id.toString(), this.ctx.id.name]; }
  async wait(seconds) {
    await sleep(seconds);
    return "done";
  }
  async wait_and_store(seconds) {
    await sleep(seconds);
    await this.ctx.storage.put("late", 1);
  }
  async abort(...reason) { this.ctx.abort(...reason); }
  async abort_with_error() { this.ctx.abort(new TypeError("tt")); }
  async abort_and_go_on() {
    try {
      await this.ctx.storage.put("before", 1);
      this.ctx.abort("enough");
      await this.ctx.storage.put("after", 1);
    } finally {
      await this.ctx.storage.put("finally", 1);
    }
  }
  async abort_later(seconds) {
    (async () => {
      await sleep(seconds);
      this.ctx.abort("later");
    })();
    return "begun";
  }
  async abort_badly() { this.ctx.abort("enough", 5); }
  async leave_running(seconds) {
    this.ctx.waitUntil((async () => {
      await sleep(seconds);
      await this.ctx.storage.put("background", 1);
    })());
    return "begun";
  }
  async leave_failing() {
    this.ctx.waitUntil((async () => { throw new Error("nobody listens"); })());
    return "begun";
  }

  // Through stubs of another object, which stay what they are.

  // Call by one stub, then again by it, then by a new one.
  async twice(name, method, ...args) {
    const stub = this.env.LIFE.getByName(name);
    const outcomes = [];
    for (const each of [stub, stub, this.env.LIFE.getByName(name)]) {
      try {
        const answer = await each[method](...args);
        outcomes.push(Array.isArray(answer) ? `[${answer.map((item) => `'${item}'`).join(", ")}]` : String(answer));
      } catch (error) {
        outcomes.push(error.message);
      }
      [method, args] = ["remembered", []];
    }
    return outcomes;
  }
  async alarm() {}
}

export default {};
