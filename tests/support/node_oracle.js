"use strict";
// Answers one JSON request per line: {"write": description} gives {"hex"}, {"read": hex} gives {"value": description}.
// Descriptions are those of value_description.py.
const v8 = require("node:v8");
const readline = require("node:readline");

const units = (text) => Buffer.from(text, "utf16le").toString("hex");
const text = (hex) => Buffer.from(hex, "hex").toString("utf16le");
const bits = (number) => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(Number.isNaN(number) ? NaN : number);
  return buffer.toString("hex");
};
// V8 keeps a number as a double once it was one; "| 0" makes a small integer of it again where it can be one.
const number = (hex) => {
  const double = Buffer.from(hex, "hex").readDoubleLE();
  return Object.is(double | 0, double) ? double | 0 : double;
};

class Teller {
  numbers = new Map();

  tell(value) {
    if (value === undefined) return ["undefined"];
    if (value === null) return ["null"];
    if (typeof value === "boolean") return ["bool", value];
    if (typeof value === "number") return ["number", bits(value)];
    if (typeof value === "bigint") return ["bigint", String(value)];
    if (typeof value === "string") return ["string", units(value)];
    if (this.numbers.has(value)) return ["ref", this.numbers.get(value)];
    this.numbers.set(value, this.numbers.size);
    return this.object(value);
  }

  object(value) {
    if (value instanceof Map) return ["map", [...value].map(([key, item]) => [this.tell(key), this.tell(item)])];
    if (value instanceof Set) return ["set", [...value].map((item) => this.tell(item))];
    if (Array.isArray(value)) return this.array(value);
    if (value instanceof ArrayBuffer) {
      return ["buffer", Buffer.from(value).toString("hex"), value.resizable ? value.maxByteLength : null];
    }
    if (ArrayBuffer.isView(value)) return this.view(value);
    if (value instanceof Error) return this.error(value);
    if (value instanceof RegExp) return ["regexp", units(value.source), value.flags];
    if (value instanceof Date) return ["date", bits(value.getTime())];
    if (/^\[object (Number|String|Boolean|BigInt)\]$/.test(Object.prototype.toString.call(value))) {
      return ["boxed", this.tell(value.valueOf())];
    }
    return ["object", this.properties(value, Object.keys(value))];
  }

  array(value) {
    const elements = [];
    for (let i = 0; i < value.length; i++) elements.push(i in value ? this.tell(value[i]) : ["hole"]);
    const isIndex = (key) => String(key >>> 0) === key && key >>> 0 !== 2 ** 32 - 1;
    return ["array", elements, this.properties(value, Object.keys(value).filter((key) => !isIndex(key)))];
  }

  view(value) {
    const { buffer, byteOffset, byteLength } = value;
    return ["view", value.constructor.name, byteOffset, byteLength, tracksLength(value), this.tell(buffer)];
  }

  error(value) {
    const own = ["stack", "cause"].filter((key) => Object.hasOwn(value, key) && value[key] !== undefined);
    return ["error", this.tell(value.name), this.tell(value.message), this.properties(value, own)];
  }

  properties(value, keys) {
    return keys.map((key) => [units(key), this.tell(value[key])]);
  }
}

// Nothing tells directly whether a view tracks its buffer, so let the buffer grow by a byte or by eight and look.
function tracksLength(view) {
  const { buffer, byteLength } = view;
  if (!buffer.resizable || buffer.byteLength === buffer.maxByteLength) return false;
  const before = buffer.byteLength;
  buffer.resize(buffer.maxByteLength);
  const grew = view.byteLength !== byteLength;
  buffer.resize(before);
  return grew;
}

class Maker {
  made = [];

  make([kind, ...parts]) {
    switch (kind) {
      case "undefined": return undefined;
      case "null": return null;
      case "bool": return parts[0];
      case "number": return number(parts[0]);
      case "bigint": return BigInt(parts[0]);
      case "string": return text(parts[0]);
      case "ref": return this.made[parts[0]];
    }
    return this.object(kind, parts);
  }

  object(kind, parts) {
    const at = this.made.push(undefined) - 1;
    const keep = (value) => (this.made[at] = value);
    switch (kind) {
      case "object": return this.fill(keep({}), parts[0]);
      case "array": return this.array(keep(JSON.parse("[]")), parts); // a literal would remember former holes
      case "map": {
        const map = keep(new Map());
        for (const [key, item] of parts[0]) {
          const madeKey = this.make(key);
          map.set(madeKey, this.make(item));
        }
        return map;
      }
      case "set": {
        const set = keep(new Set());
        for (const item of parts[0]) set.add(this.make(item));
        return set;
      }
      case "date": return keep(new Date(number(parts[0])));
      case "regexp": return keep(new RegExp(text(parts[0]), parts[1]));
      case "boxed": return keep(Object(this.make(parts[0])));
      case "buffer": return keep(this.buffer(parts));
      case "view": return keep(this.view(parts));
    }
    throw new Error(`cannot make ${kind}`);
  }

  // push() keeps an array without holes such; an assignment to array[i] may not.
  array(array, [elements, properties]) {
    elements.forEach((element, i) => {
      if (element[0] === "hole") array.length = i + 1;
      else array.push(this.make(element));
    });
    return this.fill(array, properties);
  }

  buffer([hex, maxByteLength]) {
    const content = Buffer.from(hex, "hex");
    const buffer = new ArrayBuffer(content.length, maxByteLength === null ? {} : { maxByteLength });
    new Uint8Array(buffer).set(content);
    return buffer;
  }

  view([kind, offset, byteLength, tracks, bufferDescription]) {
    const buffer = this.make(bufferDescription);
    const View = globalThis[kind];
    return tracks ? new View(buffer, offset) : new View(buffer, offset, byteLength / (View.BYTES_PER_ELEMENT ?? 1));
  }

  fill(object, properties) {
    for (const [key, item] of properties) {
      const value = this.make(item);
      Object.defineProperty(object, text(key), { value, enumerable: true, writable: true, configurable: true });
    }
    return object;
  }
}

function answer(request) {
  if ("write" in request) {
    const serializer = new v8.Serializer();
    serializer.writeHeader();
    serializer.writeValue(new Maker().make(request.write));
    return { hex: serializer.releaseBuffer().toString("hex") };
  }
  const deserializer = new v8.Deserializer(Buffer.from(request.read, "hex"));
  deserializer.readHeader();
  return { value: new Teller().tell(deserializer.readValue()) };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let result;
  try {
    result = answer(JSON.parse(line));
  } catch (error) {
    result = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(result) + "\n");
});
