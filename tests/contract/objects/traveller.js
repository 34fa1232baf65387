import { DurableObject } from "cloudflare:workers";

// An object whose directory changes hands. traveller.py holds the same.
export class Traveller extends DurableObject {
  async storage(method, ...args) { return await this.ctx.storage[method](...args); }
  async run(query, ...bindings) { return this.ctx.storage.sql.exec(query, ...bindings).raw().toArray(); }
  async count() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }
  async arm(delayMs) { await this.ctx.storage.setAlarm(Date.now() + delayMs); }
  async alarm(info) {
    const { kv } = this.ctx.storage;
    const mood = kv.get("mood");
    const run = [Date.now(), info.scheduledTime, info.retryCount, this.ctx.id.name];
    kv.put("fired", [...(kv.get("fired") ?? []), run]);
    if (mood === "fail") throw new Error("not yet");
    if (mood === "linger") {
      await scheduler.wait(60_000);
      kv.put("lingered", true);
    }
  }
}

export default {};
