import { DurableObject } from "cloudflare:workers";

// Objects whose alarm does what a stored plan says. alarms.py holds the same.
export class Clock extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    const trouble = ctx.storage.kv.get("trouble");
    if (trouble === "throw") throw new Error("no life");
    if (trouble === "fail_section") ctx.blockConcurrencyWhile(async () => { throw new Error("no life"); });
  }
  async store(key, value) { await this.ctx.storage.put(key, value); }
  async arm(delayMs) {
    await this.ctx.storage.setAlarm(Date.now() + delayMs);
    return await this.ctx.storage.getAlarm();
  }
  async arm_at(time) {
    await this.ctx.storage.setAlarm(time);
    return await this.ctx.storage.getAlarm();
  }
  async armed() { return await this.ctx.storage.getAlarm(); }
  async disarm() { return await this.ctx.storage.deleteAlarm(); }
  async plan(...actions) { await this.ctx.storage.put("plan", actions); }
  async noted() { return this.ctx.storage.kv.get("noted"); }
  async get(key) { return await this.ctx.storage.get(key); }
  async arm_and_abort() {
    await this.ctx.storage.setAlarm(Date.now() + 1000);
    this.ctx.abort("enough");
  }
  async arm_and_throw() {
    await this.ctx.storage.setAlarm(Date.now() + 1000);
    throw new Error("enough");
  }
  async hold(seconds) { await this.ctx.blockConcurrencyWhile(() => scheduler.wait(seconds * 1000)); }
  async abort(...args) { this.ctx.abort(...args); }

  async alarm(info) {
    const { kv } = this.ctx.storage;
    const run = [Date.now(), info.scheduledTime, info.retryCount, info.isRetry, this.ctx.id.name];
    const plan = kv.get("plan") ?? [];
    kv.put("noted", [...(kv.get("noted") ?? []), run]);
    if (plan.length > 0) {
      kv.put("plan", plan.slice(1));
      await this[`_${plan[0]}`](info);
    }
  }
  async _succeed() {}
  async _fail() { throw new Error("not yet"); }
  async _abort() {
    await this.ctx.storage.sync();
    this.ctx.abort("enough");
  }
  async _abort_for_good() {
    await this.ctx.storage.sync();
    this.ctx.abort("enough", { retryAlarm: false });
  }
  async _fail_section() {
    await this.ctx.storage.sync();
    await this.ctx.blockConcurrencyWhile(async () => { throw new Error("not yet"); });
  }
  async _break_a_constraint() {
    await this.ctx.storage.sync();
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    sql.exec("INSERT INTO c VALUES (1)");
  }
  async _look() { this.ctx.storage.kv.put("looked", await this.ctx.storage.getAlarm()); }
  async _rearm() { await this.ctx.storage.setAlarm(Date.now() + 10_000); }
  async _rearm_same(info) { await this.ctx.storage.setAlarm(info.scheduledTime); }
  async _wait_and_rearm_same(info) {
    await scheduler.wait(5_000);
    await this._rearm_same(info);
  }
  async _rearm_and_fail(info) {
    await this._rearm(info);
    await this._fail(info);
  }
  async _rearm_and_delete(info) {
    await this._rearm(info);
    await this.ctx.storage.deleteAlarm();
  }
  async _delete_and_fail(info) {
    await this.ctx.storage.deleteAlarm();
    await this._fail(info);
  }
  async _delete_all() { await this.ctx.storage.deleteAll(); }
  async _wait() {
    await scheduler.wait(5_000);
    this.ctx.storage.kv.put("waited", Date.now());
  }
  async _wait_too_long() { await scheduler.wait(16 * 60_000); }
}

// Has no alarm handler.
export class Silent extends DurableObject {
  async arm(delayMs) { await this.ctx.storage.setAlarm(Date.now() + delayMs); }
  async armed() {
    await this.ctx.storage.deleteAlarm();
    return await this.ctx.storage.getAlarm();
  }
}

export default {};
