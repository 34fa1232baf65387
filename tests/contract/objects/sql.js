import { DurableObject } from "cloudflare:workers";

// Objects that run the test's SQL. sql.py holds the same.
export class Ledger extends DurableObject {
  async run(query, ...bindings) { return this.ctx.storage.sql.exec(query, ...bindings).toArray(); }
  async raw(query, ...bindings) { return this.ctx.storage.sql.exec(query, ...bindings).raw().toArray(); }
  async one(query) { return this.ctx.storage.sql.exec(query).one(); }
  async columns(query) {
    const cursor = this.ctx.storage.sql.exec(query);
    cursor.toArray();
    return cursor.columnNames;
  }
  async steps(query) {
    const cursor = this.ctx.storage.sql.exec(query);
    return [cursor.next().done, cursor.toArray(), cursor.next().done, cursor.toArray()];
  }
  async shared_position(query) {
    const cursor = this.ctx.storage.sql.exec(query);
    const rows = cursor.raw();
    return [rows.next().value, cursor.next().value, rows.next().value];
  }
  async two_cursors(query) {
    const first = this.ctx.storage.sql.exec(query);
    const head = first.next().value;
    const second = this.ctx.storage.sql.exec(query).toArray();
    return [head, first.toArray(), second];
  }
  async counters(query) {
    const cursor = this.ctx.storage.sql.exec(query);
    const before = [cursor.rowsRead, cursor.rowsWritten];
    cursor.toArray();
    return [before, [cursor.rowsRead, cursor.rowsWritten]];
  }
  async cursor_after_wait(query) {
    const cursor = this.ctx.storage.sql.exec(query);
    cursor.next();
    await this.ctx.storage.sync();
    return cursor.toArray();
  }
  async fail_amid_writes() {
    this.ctx.storage.kv.put("before", 1);
    try {
      this.ctx.storage.sql.exec("SELECT * FROM nothing");
    } catch {
      this.ctx.storage.kv.put("after", 1);
    }
  }
  async storage(method, ...args) { return await this.ctx.storage[method](...args); }
}

export default {};
