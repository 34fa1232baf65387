import { DurableObject } from "cloudflare:workers";

const sleep = (seconds) => scheduler.wait(seconds * 1000);

// Objects that are ended together. together.py holds the same.
export class Member extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.calls = 0;
  }

  async count() { return ++this.calls; }
  async store(key, value) { await this.ctx.storage.put(key, value); }
  async load(key) { return await this.ctx.storage.get(key); }
  async arm(seconds) { await this.ctx.storage.setAlarm(Date.now() + seconds * 1000); }
  async armed() { return (await this.ctx.storage.getAlarm()) !== null; }
  async wait(seconds) {
    await sleep(seconds);
    return "done";
  }
  async wait_and_store(seconds) {
    await sleep(seconds);
    await this.ctx.storage.put("late", 1);
  }
  async leave_running(seconds) { this.ctx.waitUntil(this.wait_and_store(seconds)); }

  // Through a stub that this object keeps.
  async count_other(name) {
    this.other ??= this.env.MEMBER.getByName(name);
    try {
      return await this.other.count();
    } catch (error) {
      return [error.name, error.message, Object.keys(error).sort()];
    }
  }

  async alarm({ retryCount }) {
    const runs = (await this.ctx.storage.get("runs")) ?? [];
    await this.ctx.storage.put("runs", [...runs, retryCount]);
    if (await this.ctx.storage.get("slow")) await sleep(20);
  }
}

// Exempt from what ends the others, where the test says so.
export class Exempt extends Member {}

export default {};
