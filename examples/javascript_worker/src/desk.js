// Where lost parcels are reported. A parcel may be reported twice: alarms run at least once.

import { DurableObject } from "cloudflare:workers";

export class Desk extends DurableObject {
  async report(number) {
    if (await this.ctx.storage.get("closed")) throw new Error("the desk is closed");
    await this.ctx.storage.put(`lost:${number}`, Date.now());
  }

  async lost() {
    return [...(await this.ctx.storage.list({ prefix: "lost:" })).keys()].map((key) => key.slice("lost:".length));
  }

  async close() {
    await this.ctx.storage.put("closed", true);
  }

  async open() {
    await this.ctx.storage.delete("closed");
  }
}
