import { DurableObject } from "cloudflare:workers";

// Objects that use SQL as the platform's own tests do. sql_tour.py holds the same.
export class Tour extends DurableObject {
  async run(query, ...bindings) { return this.ctx.storage.sql.exec(query, ...bindings).raw().toArray(); }
  async run_each(...queries) { return queries.map((query) => this.ctx.storage.sql.exec(query).raw().toArray()); }
  async outcomes(...queries) {
    return queries.map((query) => {
      try {
        return this.ctx.storage.sql.exec(query).raw().toArray();
      } catch (error) {
        return error.message;
      }
    });
  }
  async objects(query) { return this.ctx.storage.sql.exec(query).toArray(); }
  async put(key, value) { await this.ctx.storage.put(key, value); }

  async sizes(...queries) {
    const { sql } = this.ctx.storage;
    const sizes = [sql.databaseSize];
    for (const query of queries) {
      sql.exec(query);
      sizes.push(sql.databaseSize);
    }
    return sizes;
  }

  async run_in_a_section(query) {
    await this.ctx.blockConcurrencyWhile(async () => { this.ctx.storage.sql.exec(query); });
  }

  async run_in_one_transaction(...queries) {
    this.ctx.storage.transactionSync(() => { for (const query of queries) this.ctx.storage.sql.exec(query); });
  }

  async join_by_hand(outer, inner) {
    const { sql } = this.ctx.storage;
    const [pairs, counts] = [[], []];
    const cursor = sql.exec(outer);
    for (const row of cursor) {
      const others = sql.exec(inner);
      for (const other of others) pairs.push([row, other]);
      counts.push(others.rowsRead);
    }
    return [pairs, cursor.rowsRead, counts];
  }

  async counters_of(...queries) {
    const cursors = queries.map((query) => {
      const cursor = this.ctx.storage.sql.exec(query);
      cursor.toArray();
      return cursor;
    });
    return cursors.map((cursor) => [cursor.rowsRead, cursor.rowsWritten]);
  }

  async cursor_alone() {
    const cursor = this.ctx.storage.sql.exec("SELECT 1 AS value UNION ALL SELECT 2 AS value UNION ALL SELECT 3 AS value");
    await scheduler.wait(1000);
    return cursor.toArray();
  }

  async table_that_is_undone(name) {
    const { storage } = this.ctx;
    const write = () => (name === "alarm" ? storage.setAlarm(Date.now() + 86_400_000) : storage.put("foo", 1));
    let text;
    try {
      storage.transactionSync(() => {
        write();
        throw new Error("bar");
      });
    } catch (error) {
      text = error.message;
    }
    const unseen = [await storage.getAlarm(), (await storage.list()).size];
    await write();
    return [text, unseen, [(await storage.getAlarm()) !== null, (await storage.list()).size]];
  }

  async nested(first, second) {
    const { sql } = this.ctx.storage;
    const read = () => sql.exec("SELECT i FROM n").one().i;
    const seen = [read()];
    this.ctx.storage.transactionSync(() => {
      sql.exec("UPDATE n SET i = ?", first);
      seen.push(read());
      try {
        this.ctx.storage.transactionSync(() => {
          sql.exec("UPDATE n SET i = ?", second);
          seen.push(read());
          throw new Error("foo");
        });
      } catch (error) {
        seen.push(error.message);
      }
      seen.push(read());
    });
    return [...seen, read()];
  }

  alarm() {}
}
