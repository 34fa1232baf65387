import { DurableObject } from "cloudflare:workers";

const sleep = (seconds) => scheduler.wait(seconds * 1000);

// Objects whose methods wait, write and interleave. gates.py holds the same.
export class Gate extends DurableObject {
  log = [];
  txn = undefined;

  async logged() { return this.log; }
  async say(text) { this.log.push(text); }
  async storage(method, ...args) { return await this.ctx.storage[method](...args); }
  async wait(seconds) {
    await sleep(seconds);
    return Date.now();
  }

  // Implicit transactions

  async put_and_abort() {
    await this.ctx.storage.put("k", 1);
    this.ctx.abort("enough");
  }
  async put_many_awaits_and_abort() {
    await this.ctx.storage.put("k", 1);
    for (let n = 0; n < 50; n++) await this.ctx.storage.get("k");
    this.ctx.abort("enough");
  }
  async put_wait_put_abort() {
    await this.ctx.storage.put("first", 1);
    await sleep(1);
    await this.ctx.storage.put("second", 1);
    this.ctx.abort("enough");
  }
  async put_sync_put_abort() {
    await this.ctx.storage.put("first", 1);
    await this.ctx.storage.sync();
    await this.ctx.storage.put("second", 1);
    this.ctx.abort("enough");
  }
  async put_and_throw() {
    await this.ctx.storage.put("k", 1);
    throw new TypeError("oops");
  }
  async write_everywhere_and_abort() {
    this.ctx.storage.sql.exec("CREATE TABLE t (a)");
    this.ctx.storage.kv.put("k", 1);
    await this.ctx.storage.put("l", 1);
    this.ctx.abort("enough");
  }
  async put_unawaited() { this.ctx.storage.put("k", 1); }
  async break_a_constraint() {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS p (id PRIMARY KEY)");
    sql.exec("CREATE TABLE IF NOT EXISTS c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    sql.exec("INSERT INTO c VALUES (1)");
    return "done";
  }
  async break_a_constraint_and_throw() {
    await this.break_a_constraint();
    throw new TypeError("mine");
  }

  // transaction()

  async in_transaction(ending) {
    await this.ctx.storage.put("before", 1);
    return await this.ctx.storage.transaction(async (txn) => {
      await txn.put("txn", 1);
      await this.ctx.storage.put("storage", 1);
      this.ctx.storage.kv.put("kv", 1);
      this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (a)");
      if (ending === "throw") throw new RangeError("oops");
      if (ending === "rollback") {
        txn.rollback();
        txn.rollback();
      }
      return "result";
    });
  }
  async transaction_of_a_plain_function() { return await this.ctx.storage.transaction(() => "result"); }
  async nested(innerFails) {
    await this.ctx.storage.transaction(async (outer) => {
      await outer.put("outer", 1);
      try {
        await this.ctx.storage.transaction(async (inner) => {
          await inner.put("inner", 1);
          if (innerFails) throw new Error("oops");
        });
      } catch {
        this.log.push("inner failed");
      }
    });
  }
  async roll_back_the_outer() {
    return await this.ctx.storage.transaction(async (outer) => {
      return await this.ctx.storage.transaction(async () => { outer.rollback(); });
    });
  }
  async use_after_rollback(method, ...args) {
    return await this.ctx.storage.transaction(async (txn) => {
      txn.rollback();
      return await txn[method](...args);
    });
  }
  async use_after_the_end(method, ...args) {
    await this.ctx.storage.transaction(async (txn) => { this.txn = txn; });
    return await this.txn[method](...args);
  }
  async write_after_rollback() {
    await this.ctx.storage.transaction(async (txn) => {
      await txn.put("lost", 1);
      txn.rollback();
      await this.ctx.storage.put("kept", 1);
    });
  }
  async alarm_in_transaction(at) {
    const seen = await this.ctx.storage.transaction(async (txn) => {
      await txn.setAlarm(at);
      const set = await txn.getAlarm();
      txn.rollback();
      return set;
    });
    return [seen, await this.ctx.storage.getAlarm()];
  }
  async slow_transaction(seconds) {
    await this.ctx.storage.transaction(async (txn) => {
      this.log.push("transaction begins");
      await txn.put("k", 1);
      await sleep(seconds);
      this.log.push("transaction ends");
    });
  }

  // transactionSync()

  async in_transaction_sync(fails) {
    this.ctx.storage.kv.put("before", 1);
    return this.ctx.storage.transactionSync(() => {
      this.ctx.storage.kv.put("inside", 1);
      if (fails) throw new RangeError("oops");
      return "result";
    });
  }
  async nested_sync() {
    const { kv } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      kv.put("outer", 1);
      try {
        this.ctx.storage.transactionSync(() => {
          kv.put("inner", 1);
          throw new Error("oops");
        });
      } catch {
        kv.put("caught", 1);
      }
    });
  }

  // Input gate

  async steps(name) {
    this.log.push(`${name}1`);
    await this.ctx.storage.get("k");
    await this.ctx.storage.put("k", 1);
    this.log.push(`${name}2`);
    await sleep(1);
    this.log.push(`${name}3`);
  }
  async increment() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }
  async increment_by_half() {
    const count = (await this.ctx.storage.get("count")) ?? 0;
    await sleep(1);
    await this.ctx.storage.put("count", count + 1);
    return await this.ctx.storage.get("count");
  }
  async hold(seconds) {
    return await this.ctx.blockConcurrencyWhile(async () => {
      this.log.push("section begins");
      await sleep(seconds);
      this.log.push("section ends");
      return "result";
    });
  }
  async hold_and_fail(seconds) {
    await this.ctx.storage.put("before", 1);
    try {
      await this.ctx.blockConcurrencyWhile(async () => {
        await this.ctx.storage.put("in section", 1);
        if (seconds > 0) await sleep(seconds);
        throw new RangeError("oops");
      });
    } catch {
      await this.ctx.storage.put("caught", 1);
    }
  }
  async hold_a_plain_function() { return await this.ctx.blockConcurrencyWhile(() => "result"); }
  async hold_nothing() { return await this.ctx.blockConcurrencyWhile(5); }
  async hold_nested() {
    await this.ctx.blockConcurrencyWhile(async () => {
      this.log.push("outer begins");
      await this.ctx.blockConcurrencyWhile(async () => { this.log.push("inner"); });
      this.log.push("outer ends");
    });
  }
  async hold_deep(depth) {
    const deeper = async (left) => {
      if (left > 1) await this.ctx.blockConcurrencyWhile(() => deeper(left - 1));
    };
    try {
      await this.ctx.blockConcurrencyWhile(() => deeper(depth));
    } catch (error) {
      return error.message;
    }
    return "reached";
  }
  async hold_and_call_itself() {
    return await this.ctx.blockConcurrencyWhile(() => this.env.GATE.get(this.ctx.id).logged());
  }
  async put_unconfirmed_and_abort() {
    await this.ctx.storage.put("k", 1, { allowUnconfirmed: true });
    this.ctx.abort("enough");
  }
  // Break a constraint in another object; then ask by the same stub, and by a new one.
  async break_by(name) {
    const stub = this.env.GATE.getByName(name);
    const outcomes = [];
    for (const [each, method] of [[stub, "break_a_constraint"], [stub, "logged"], [this.env.GATE.getByName(name), "logged"]]) {
      try {
        await each[method]();
        outcomes.push("answered");
      } catch (error) {
        outcomes.push(error.message);
      }
    }
    return outcomes;
  }
  async delete_all_by_transaction() {
    await this.ctx.storage.transaction(async (txn) => { await txn.deleteAll(); });
  }
  async give_text(length) { return "x".repeat(length); }
  async wait_then_say(seconds, text) {
    await sleep(seconds);
    this.log.push(text);
  }
  async wait_in_section_for_what_never_comes(kind) {
    const { ctx } = this;
    const never = () => new Promise(() => {});
    await (kind === "section" ? ctx.blockConcurrencyWhile(never) : ctx.storage.transaction(never));
  }
  async call_itself() { return await this.env.GATE.get(this.ctx.id).logged(); }
  async alarm() { this.log.push("alarm"); }
}

export default {};
