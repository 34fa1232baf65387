import { DurableObject } from "cloudflare:workers";

// Objects that use what belongs to another object. foreign.py holds the same.
const KEPT = {};

const USES = {
  "get": () => KEPT.storage.get("k"),
  "put": () => KEPT.storage.put("k", 1),
  "transactionSync": () => KEPT.storage.transactionSync(() => 1),
  "getCurrentBookmark": () => KEPT.storage.getCurrentBookmark(),
  "kv": () => KEPT.storage.kv.get("k"),
  "sql": () => KEPT.storage.sql.exec("SELECT 1"),
  "databaseSize": () => KEPT.storage.sql.databaseSize,
  "abort": () => KEPT.ctx.abort("from elsewhere"),
  "stub": () => KEPT.stub.ping(),
  "fetch": () => KEPT.stub.fetch("http://x/"),
  "facets": () => KEPT.ctx.facets.get("g", () => ({ class: KEPT.ctx.exports.Shelf })).ping(),
  "facet delete": () => KEPT.ctx.facets.delete("f"),
  "facet": () => KEPT.facet.ping(),
  "id": () => KEPT.ctx.id.name,
  "env": () => KEPT.env.SHELF.getByName("c").ping(),
  "no argument": () => KEPT.storage.get(),
};

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Shelf extends DurableObject {
  async keep() {
    Object.assign(KEPT, {
      ctx: this.ctx, env: this.env, storage: this.ctx.storage, stub: this.env.SHELF.getByName("c"),
      facet: this.ctx.facets.get("f", () => ({ class: this.ctx.exports.Shelf })),
    });
  }
  async use(name) { return await USES[name](); }
  async section() {
    const order = [];
    const section = KEPT.ctx.blockConcurrencyWhile(async () => {
      order.push("section begins");
      await wait(100);
      order.push("section ends");
    });
    await wait(10);
    order.push("own timer");
    await section;
    return order;
  }
  async ping() { return "pong"; }
}

export default {};
