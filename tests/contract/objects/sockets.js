// Objects with WebSockets, and objects that connect to them. `sockets.py` holds the same.

import { DurableObject } from "cloudflare:workers";

const heard = []; // module state: outlives instances

function outcome(call) {
  try {
    const result = call();
    return result === undefined ? "ok" : result;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

function pair() {
  return Object.values(new WebSocketPair());
}

function texts(count) {
  return Array.from({ length: count }, (_, index) => `t${index}`);
}

const CODES = [0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000];

export class Room extends DurableObject {
  fetch(request) {
    const [client, server] = pair();
    const mode = new URL(request.url).pathname.slice(1);
    if (mode === "listen") this.listen(server);
    else if (mode === "client") this.ctx.acceptWebSocket(client);
    else this.ctx.acceptWebSocket(server, [mode]);
    if (mode !== "client") server.send("welcome");
    return new Response(null, { status: 101, webSocket: client });
  }

  listen(server) {
    server.accept();
    server.addEventListener("message", ({ data }) => heard.push(["message", data]));
    server.addEventListener("close", ({ code, reason, wasClean }) =>
      heard.push(["close", code, reason, wasClean, server.readyState]));
  }

  async webSocketMessage(ws, message) {
    heard.push(["start", message]);
    if (message === "throw") throw new TypeError("oops");
    if (message === "slow") await scheduler.wait(1000);
    if (message === "abort") {
      this.ctx.storage.put("k", 1);
      ws.send("never sent");
      this.ctx.abort("no");
    }
    if (message === "section") await this.ctx.blockConcurrencyWhile(() => scheduler.wait(1000));
    if (message === "echo") ws.send("echo");
    heard.push(["end", message]);
  }

  webSocketClose(ws, code, reason, wasClean) {
    const before = ws.readyState;
    const listed = this.ctx.getWebSockets().length;
    const answer = reason === "silent" ? "none" : outcome(() => ws.close(code, `re: ${reason}`));
    heard.push(["close", code, reason, wasClean, before, listed, answer, ws.readyState]);
  }

  told() { return heard.splice(0); }
  states(tag) { return this.ctx.getWebSockets(tag).map((ws) => ws.readyState); }
  names() { return this.ctx.getWebSockets().map((ws) => this.ctx.getTags(ws)[0]); }
  namesOf(tag) { return this.ctx.getWebSockets(tag).map((ws) => this.ctx.getTags(ws)[0]); }
  sendAll(message) { for (const ws of this.ctx.getWebSockets()) ws.send(message); }
  closeAll(...args) { for (const ws of this.ctx.getWebSockets()) ws.close(...args); return this.states(); }
  attach(value) { for (const ws of this.ctx.getWebSockets()) ws.serializeAttachment(value); }
  attached() { return this.ctx.getWebSockets().map((ws) => ws.deserializeAttachment()); }
  answer(request, response) { this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(request, response)); }
  answerNothing() { this.ctx.setWebSocketAutoResponse(); }
  answers() { const pair = this.ctx.getWebSocketAutoResponse(); return pair && [pair.request, pair.response]; }
  answered() {
    return this.ctx.getWebSockets().map((ws) => this.ctx.getWebSocketAutoResponseTimestamp(ws)?.getTime() ?? null);
  }
  putAndAbort() { this.ctx.abort("no"); }

  accepting() {
    const [a, b] = pair();
    const [c] = pair();
    const [d] = pair();
    return [
      outcome(() => this.ctx.acceptWebSocket()),
      outcome(() => this.ctx.acceptWebSocket({})),
      outcome(() => this.ctx.acceptWebSocket(a, "abc")),
      outcome(() => this.ctx.acceptWebSocket(a, {})),
      outcome(() => this.ctx.getTags(a)),
      outcome(() => this.ctx.acceptWebSocket(a, ["x", 5, null, "x"])),
      outcome(() => this.ctx.getTags(a).join()),
      outcome(() => this.ctx.acceptWebSocket(a)),
      outcome(() => a.accept()),
      outcome(() => this.ctx.acceptWebSocket(b)),
      outcome(() => b.accept()),
      outcome(() => b.accept()),
      outcome(() => this.ctx.getTags(b)),
      outcome(() => this.ctx.acceptWebSocket(b)),
      outcome(() => this.ctx.getTags()),
      outcome(() => this.ctx.acceptWebSocket(c, null)),
      outcome(() => this.ctx.getTags(c).length),
      outcome(() => this.ctx.acceptWebSocket(d, [])),
    ];
  }

  tagging() {
    return [
      texts(11), texts(10), [...texts(10), "t0"], [...texts(9), "t0", "t1"],
      ["x".repeat(256)], ["x".repeat(257)], ["é".repeat(128)], ["é".repeat(129)],
    ].map((tags) => {
      const [ws] = pair();
      return outcome(() => {
        this.ctx.acceptWebSocket(ws, tags);
        return this.ctx.getTags(ws).length;
      });
    });
  }

  sending() {
    const [fresh] = pair();
    const [ws] = pair();
    this.ctx.acceptWebSocket(ws);
    return [
      outcome(() => fresh.send("x")), outcome(() => fresh.close()), outcome(() => fresh.close(1005)),
      outcome(() => fresh.send()), fresh.readyState,
      outcome(() => ws.send()), outcome(() => ws.send(undefined)), outcome(() => ws.close(1000, "x".repeat(124))),
      outcome(() => ws.close(undefined, "x")), outcome(() => ws.close(NaN)), outcome(() => ws.close(1e12)),
      outcome(() => ws.close(1000)), outcome(() => ws.close(1000)), outcome(() => ws.close(1005)), outcome(() => ws.send("x")),
      ws.readyState,
    ];
  }

  codes() {
    return CODES.map((code) => {
      const [ws] = pair();
      this.ctx.acceptWebSocket(ws);
      return outcome(() => ws.close(code, "é".repeat(61)));
    });
  }

  attaching() {
    const [ws] = pair();
    const value = { a: [1] };
    const first = ws.deserializeAttachment();
    ws.serializeAttachment(value);
    value.a.push(2);
    return [
      first, ws.deserializeAttachment(), ws.deserializeAttachment() === ws.deserializeAttachment(),
      outcome(() => ws.serializeAttachment()), outcome(() => ws.serializeAttachment("x".repeat(16379))),
      outcome(() => ws.serializeAttachment("x".repeat(16380))), outcome(() => ws.serializeAttachment(ws)),
      outcome(() => ws.serializeAttachment(null)), ws.deserializeAttachment(),
    ];
  }

  limits() {
    const limit = (value) => outcome(() => {
      this.ctx.setHibernatableWebSocketEventTimeout(value);
      return this.ctx.getHibernatableWebSocketEventTimeout();
    });
    const answer = (...args) => outcome(() => this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(...args)));
    return [
      answer("a"), answer(), answer("é".repeat(1025), "b"), answer("b", "é".repeat(1025)), answer("é".repeat(1024), "b"),
      outcome(() => this.ctx.setWebSocketAutoResponse({})), outcome(() => this.ctx.setWebSocketAutoResponse(null)),
      limit(604800001), limit(604800000), limit("x"), limit(-5), limit(5.7), limit(0), limit(undefined),
    ];
  }
}

export class Peer extends DurableObject {
  log = [];
  sockets = [];

  async open(name, mode = "member", options) {
    const headers = { Upgrade: "websocket" };
    const { status, webSocket } = await this.env.ROOM.getByName(name).fetch(`http://room/${mode}`, { headers });
    const index = this.sockets.push(webSocket) - 1;
    webSocket.addEventListener("message", ({ data }) => this.log.push([index, data]));
    webSocket.addEventListener("close", ({ code, reason, wasClean }) =>
      this.log.push([index, code, reason, wasClean, webSocket.readyState]));
    webSocket.accept(options);
    return status;
  }

  async withoutUpgrade(name) {
    try {
      await this.env.ROOM.getByName(name).fetch("http://room/member");
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  }

  send(index, ...messages) { for (const message of messages) this.sockets[index].send(message); }
  close(index, ...args) { this.sockets[index].close(...args); }
  state(index) { return this.sockets[index].readyState; }
  told() { return this.log.splice(0); }
  stay() { setInterval(() => {}, 5000); }
  leave() { this.ctx.abort("leaving"); }
}
