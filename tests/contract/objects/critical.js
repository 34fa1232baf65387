import { DurableObject } from "cloudflare:workers";

// Objects whose disk is full after ten pages. critical.py holds the same. Both need the flag "experimental".
const SEEN = [];

const OPERATIONS = {
  "sql": (s) => s.sql.exec("SELECT count(*) AS n FROM t").one().n,
  "wrong sql": (s) => s.sql.exec("SELEC"),
  "sql that writes": (s) => s.sql.exec("INSERT INTO t VALUES (9, 'x')"),
  "databaseSize": (s) => s.sql.databaseSize,
  "kv.get": (s) => s.kv.get("kv"),
  "kv.put": (s) => s.kv.put("kv", 2),
  "kv.delete": (s) => s.kv.delete("kv"),
  "kv.list": (s) => s.kv.list(),
  "get": (s) => s.get("kv"),
  "get of none": (s) => s.get([]),
  "get without key": (s) => s.get(),
  "put": (s) => s.put("kv", 3),
  "put of none": (s) => s.put({}),
  "delete": (s) => s.delete("kv"),
  "delete of none": (s) => s.delete([]),
  "list": (s) => s.list(),
  "getAlarm": (s) => s.getAlarm(),
  "setAlarm": (s) => s.setAlarm(4102444800000),
  "deleteAlarm": (s) => s.deleteAlarm(),
  "deleteAll": (s) => s.deleteAll(),
  "getCurrentBookmark": (s) => s.getCurrentBookmark(),
  "waitForBookmark": (s) => s.waitForBookmark("b"),
  "getBookmarkForTime": (s) => s.getBookmarkForTime(1),
  "transactionSync": (s) => s.transactionSync(() => 1),
};

const said = (failure) =>
  (failure.name === "Error" ? failure.message : `${failure.name}: ${failure.message}`) +
  (failure.durableObjectReset ? " reset" : "");
const tried = (operation) => { try { return operation(); } catch (failure) { return said(failure); } };
const awaited = async (operation) => { try { return await operation(); } catch (failure) { return said(failure); } };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Fragile extends DurableObject {
  prepare() {
    const { storage } = this.ctx;
    storage.sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)");
    storage.sql.exec("INSERT INTO t VALUES (1, 'first')");
    storage.kv.put("kv", 1);
  }
  limit() { this.ctx.storage.sql.setMaxPageCountForTest(10); }
  fill() {
    for (let number = 0; number < 100; number++) {
      this.ctx.storage.sql.exec("INSERT INTO t (x) VALUES (?)", "x".repeat(3000)).toArray();
    }
  }
  async notes() { return SEEN.splice(0); }
  async stored() {
    const { storage } = this.ctx;
    return [storage.sql.exec("SELECT count(*) AS n FROM t").one().n, [...storage.kv.list()].map(([key]) => key)];
  }
  async fail() { this.limit(); this.fill(); return "returned"; }
  async fail_and_catch() { this.limit(); SEEN.push(tried(() => this.fill())); return "returned"; }
  async fail_and_wait() { this.limit(); SEEN.push(tried(() => this.fill())); await wait(10); SEEN.push("went on"); }
  async fail_and_try(name) {
    this.limit();
    tried(() => this.fill());
    SEEN.push(await awaited(() => OPERATIONS[name](this.ctx.storage)));
  }
  async fail_and_read_on() {
    const { storage } = this.ctx;
    for (let number = 0; number < 3; number++) storage.sql.exec("INSERT INTO t VALUES (?, 'q')", 10 + number);
    await wait(1);
    const cursor = storage.sql.exec("SELECT id FROM t");
    cursor.next();
    this.limit();
    tried(() => this.fill());
    SEEN.push(tried(() => cursor.next().value.id));
  }
  async fail_and_abort() { this.limit(); tried(() => this.fill()); this.ctx.abort("of my own"); }
  async commit_and_fail() {
    this.ctx.storage.kv.put("committed", 1);
    await wait(1);
    this.ctx.storage.kv.put("uncommitted", 1);
    this.limit();
    tried(() => this.fill());
    throw new TypeError("own");
  }
  async fill_by_pairs(interfaceName) {
    const { storage } = this.ctx;
    this.limit();
    const pairs = {};
    for (let number = 0; number < 40; number++) pairs[`k${number}`] = "x".repeat(3000);
    if (interfaceName === "put of many") {
      SEEN.push(await awaited(() => storage.put(pairs)));
    } else {
      const put = interfaceName === "kv.put" ? (k, v) => storage.kv.put(k, v) : (k, v) => storage.put(k, v);
      const outcomes = [];
      for (const key in pairs) outcomes.push(await awaited(() => put(key, pairs[key])));
      SEEN.push(outcomes.find((outcome) => typeof outcome === "string"));
    }
    SEEN.push(tried(() => storage.kv.get("kv")));
  }
  async within_sync(end) {
    const { storage } = this.ctx;
    this.limit();
    storage.kv.put("k4", 4);
    const body = () => {
      SEEN.push(tried(() => this.fill()));
      if (end === "error") throw new RangeError("own");
      return 1;
    };
    const nested = () => { SEEN.push(tried(() => storage.transactionSync(body))); return 2; };
    SEEN.push(tried(() => storage.transactionSync(end === "nested" ? nested : body)));
    SEEN.push(tried(() => storage.kv.get("kv")));
  }
  async within_transaction(end) {
    const { storage } = this.ctx;
    this.limit();
    storage.kv.put("k4", 4);
    await storage.transaction(async (txn) => {
      await txn.put("k5", 5);
      if (end === "error") this.fill();
      SEEN.push(tried(() => this.fill()));
      SEEN.push(await awaited(() => txn.get("k5")));
      if (end === "rollback") SEEN.push(tried(() => txn.rollback()));
      return 1;
    });
    SEEN.push("went on");
  }
  async within_section(end) {
    this.limit();
    await this.ctx.blockConcurrencyWhile(async () => {
      tried(() => this.fill());
      if (end === "error") throw new TypeError("own");
    });
    SEEN.push("went on");
  }
  async send_and_fail(name) {
    this.env.FRAGILE.getByName(name).note("received").catch(() => {});
    this.ctx.storage.kv.put("k", 1);
    this.limit();
    tried(() => this.fill());
  }
  async note(text) { SEEN.push(text); }
  async nothing() { return 1; }
  async arm(time) { await this.ctx.storage.setAlarm(time); }
  async alarm(info) { SEEN.push(info.retryCount); this.limit(); tried(() => this.fill()); }

  // Bookmarks

  async bookmarks(count) {
    const found = [];
    for (let number = 0; number < count; number++) found.push(await this.ctx.storage.getCurrentBookmark());
    return found;
  }
  async bookmarks_at_once(count) {
    return await Promise.all(Array.from({ length: count }, () => this.ctx.storage.getCurrentBookmark()));
  }
  async bookmark_and_abort() {
    for (let number = 0; number < 5; number++) this.ctx.storage.getCurrentBookmark();
    this.ctx.abort("over");
  }
  async bookmark_and_roll_back() {
    tried(() => this.ctx.storage.transactionSync(() => {
      this.ctx.storage.getCurrentBookmark();
      throw new Error("back");
    }));
  }
  async delete_all() { await this.ctx.storage.deleteAll(); }
  async put_and_call(method, ...args) {
    this.ctx.storage.put("before", 1);
    await awaited(() => this.ctx.storage[method](...args));
    this.ctx.abort("over");
  }
  async storage(method, ...args) { return await this.ctx.storage[method](...args); }
  async members() {
    const { storage } = this.ctx;
    const names = ["getCurrentBookmark", "waitForBookmark", "snapshot", "onNextSessionRestore", "primary"];
    const namesOfSql = ["exec", "prepare", "setMaxPageCountForTest"];
    return [...names.map((name) => name in storage), ...namesOfSql.map((name) => name in storage.sql)];
  }
}

export default {};
