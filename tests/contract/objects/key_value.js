import { DurableObject } from "cloudflare:workers";

// Objects that hand the test's words to their storage. key_value.py holds the same.
export class Box extends DurableObject {
  async storage(method, ...args) { return await this.ctx.storage[method](...args); }
  async kv(method, ...args) {
    const result = this.ctx.storage.kv[method](...args);
    return method === "list" ? [...result] : result;
  }
  async throws_at_once(method, ...args) {
    let promise;
    try { promise = this.ctx.storage[method](...args); } catch { return true; }
    try { await promise; } catch { return false; }
    return false;
  }
  async change_after_put() {
    const value = { items: [1] };
    const promise = this.ctx.storage.put("k", value);
    value.items.push(2);
    await promise;
    return await this.ctx.storage.get("k");
  }
  async change_after_get() {
    await this.ctx.storage.put("k", { items: [1] });
    (await this.ctx.storage.get("k")).items.push(2);
    return await this.ctx.storage.get("k");
  }
  async put_own_array() { await this.ctx.storage.put("k", [1, "x", null]); }
  async put_function() { await this.ctx.storage.put("k", () => 1); }
  async put_function_among_others() { await this.ctx.storage.put({ a: 1, f: () => 1 }); }
  async put_stub() { await this.ctx.storage.put("k", this.env.BOX.getByName("other")); }
  async put_many(count) {
    const keys = Array.from({ length: count }, (_, number) => `k${String(number).padStart(4, "0")}`);
    await this.ctx.storage.put(Object.fromEntries(keys.map((key, number) => [key, number])));
    return (await this.ctx.storage.get(keys)).size;
  }
  async kv_put_text(length) { this.ctx.storage.kv.put("k", "x".repeat(length)); }
  async two_lists() {
    const { kv } = this.ctx.storage;
    kv.put("a", 1);
    kv.put("b", 2);
    const first = kv.list();
    first.next();
    kv.list();
    return first.next();
  }
  async write_while_listing() {
    const { kv } = this.ctx.storage;
    for (const key of "ab") kv.put(key, key);
    const seen = [];
    for (const [key] of kv.list()) {
      seen.push(key);
      if (key === "a") kv.put("c", "c");
    }
    return seen;
  }
  async delete_all_and_write() {
    await this.ctx.storage.put("old", 1);
    await this.ctx.storage.deleteAll();
    await this.ctx.storage.put("new", 2);
  }
  async delete_all_in_transaction() {
    await this.ctx.storage.transaction(async () => { await this.ctx.storage.deleteAll(); });
  }
  async delete_all_and_abort() {
    await this.ctx.storage.deleteAll();
    this.ctx.abort("enough");
  }
  async delete_all_beside_cursor() {
    const cursor = this.ctx.storage.sql.exec("SELECT 1 AS n UNION SELECT 2 UNION SELECT 3");
    cursor.next();
    await this.ctx.storage.deleteAll();
    return cursor.toArray();
  }
  async delete_all_with_table() {
    this.ctx.storage.sql.exec("CREATE TABLE t (a)");
    await this.ctx.storage.put("k", 1);
    await this.ctx.storage.deleteAll();
    return this.ctx.storage.sql.databaseSize;
  }
  async sizes() {
    const before = this.ctx.storage.sql.databaseSize;
    await this.ctx.storage.put("k", 1);
    return [before, this.ctx.storage.sql.databaseSize];
  }
  async sync_after_put() {
    this.ctx.storage.put("k", 1);
    return await this.ctx.storage.sync();
  }
  async wait(seconds) { await scheduler.wait(seconds * 1000); }
  async alarm() {}
}

export default {};
