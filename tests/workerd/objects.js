import { DurableObject } from "cloudflare:workers";
import { double } from "./lib/numbers.js";

// What the tests ask of the real platform. Instances tell when they were built.
export class Probe extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.builtAt = Date.now();
  }

  async hexId() { return this.ctx.id.toString(); }
  async double(number) { return double(number); }
  async variable(name) { return this.env[name]; }
  async now() { return Date.now(); }
  async sqlNow() { return this.ctx.storage.sql.exec("SELECT unixepoch() AS now").one().now; }
  async builtWhen() { return this.builtAt; }
  async put(key, value) { await this.ctx.storage.put(key, value); }
  async read(key) { return await this.ctx.storage.get(key); }
  async waitFor(delayMs) { await scheduler.wait(delayMs); return Date.now(); }
  async waitForEver() { await new Promise(() => {}); }
  async spin() { for (;;); }
  async sayForEver() { for (;;) console.log("again"); }
  async waitAgain(delayMs, text) { for (;;) { await scheduler.wait(delayMs); if (text) console.log(text); } }
  async fail() { throw Object.assign(new RangeError("too far"), { limit: 3 }); }
  async give() { return () => 1; }
  async say(text) { console.log(text); }
  async fetchFrom(url) { return (await fetch(url)).status; }
  async remind(delayMs, failures = 0) {
    await this.ctx.storage.put("failures", failures);
    await this.ctx.storage.setAlarm(Date.now() + delayMs);
    return Date.now() + delayMs;
  }
  async runs() { return (await this.ctx.storage.get("runs")) ?? []; }
  async fetch(request) {
    if (request.url.endsWith("/endless")) return new Response(endless());
    return new Response(`${request.method} ${await request.text()}`, { status: 201, headers: { "x-path": new URL(request.url).pathname } });
  }

  async alarm({ retryCount }) {
    Probe.runs.push([this.ctx.id.toString(), Date.now(), retryCount]);
    if (retryCount < (await this.ctx.storage.get("failures"))) throw new Error("not yet");
    await this.ctx.storage.put("runs", [...(await this.runs()), Date.now()]);
  }
  // In memory of the isolate, so that runs that failed count too.
  static runs = [];
  async allRuns() { return Probe.runs.filter(([id]) => id === this.ctx.id.toString()).map(([, at, retry]) => [at, retry]); }
}

function endless() {
  return new ReadableStream({ async pull(controller) { await scheduler.wait(1); controller.enqueue(new Uint8Array(1)); } });
}

export default {
  async fetch(request, env) { return new Response(`worker ${new URL(request.url).pathname}`); },
  async scheduled(event) { console.log(`scheduled ${event.cron} ${event.scheduledTime}`); },
};
