// Values between the test and the real platform: JSON that keeps what JSON has no word for. values.py is the other side,
// and describes the form.

const VIEWS = [
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
  "Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "DataView",
];
// What a line of a stack holds if it names a place in these modules, which is no place of the user's.
const OWN_FRAME = /\bpytest-durable-(harness|values)\.js:/;
const ERRORS = ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];

export class Unsupported extends Error {}

// Every object gets a place in a list and is described there once, so that shared references and cycles stay
// what they are, and nothing here recurses.

export function encode(value) {
  const places = new Map();
  const objects = [];
  const refer = (item) => {
    switch (typeof item) {
      case "undefined": return ["u"];
      case "bigint": return ["b", String(item)];
      case "string": case "boolean": return item;
      case "number": return Number.isFinite(item) && !Object.is(item, -0) ? item : ["n", Object.is(item, -0) ? "-0" : String(item)];
      case "object":
        if (item === null) return null;
        if (!places.has(item)) { places.set(item, objects.length); objects.push(item); }
        return ["r", places.get(item)];
      default: throw new Unsupported(`a ${typeof item}`);
    }
  };
  const root = refer(value);
  const described = [];
  for (let place = 0; place < objects.length; place++) described.push(describe(objects[place], refer));
  return { v: root, o: described };
}

function describe(item, refer) {
  const pairs = (keys) => keys.map((key) => [key, refer(item[key])]);
  if (Array.isArray(item)) return describeArray(item, refer, pairs);
  if (item instanceof Date) return ["d", Number.isNaN(item.getTime()) ? null : item.getTime()];
  if (item instanceof Map) return ["m", [...item].map(([key, held]) => [refer(key), refer(held)])];
  if (item instanceof Set) return ["t", [...item].map(refer)];
  if (item instanceof RegExp) return ["x", item.source, item.flags];
  if (item instanceof ArrayBuffer) return ["B", toBase64(new Uint8Array(item)), item.resizable ? item.maxByteLength : null];
  if (ArrayBuffer.isView(item)) {
    const kind = Object.prototype.toString.call(item).slice(8, -1);
    return ["V", kind, refer(item.buffer), item.byteOffset, tracksLength(item) ? null : item.byteLength];
  }
  if (item instanceof Error) {
    const own = Object.getOwnPropertyNames(item).filter((key) => key !== "name" && key !== "message");
    const held = (key) => (key === "stack" ? withoutOwnFrames(item.stack) : item[key]);
    return ["e", refer(item.name), refer(item.message), own.map((key) => [key, refer(held(key))])];
  }
  if (item instanceof Number || item instanceof String || item instanceof Boolean || item instanceof BigInt) {
    return ["w", refer(item.valueOf())];
  }
  const above = Object.getPrototypeOf(item);
  if (above === Object.prototype || above === null) return ["o", pairs(Object.keys(item))];
  throw new Unsupported(`an object of class ${above.constructor?.name ?? "without a name"}`);
}

// An error that arrives here gets a stack of its own, from where it was unpacked.
function withoutOwnFrames(stack) {
  return typeof stack === "string" ? stack.split("\n").filter((line) => !OWN_FRAME.test(line)).join("\n") : stack;
}

// No property tells whether a view follows the end of its buffer, so the buffer is made longer or shorter for a moment.
function tracksLength(view) {
  const { buffer, byteLength } = view;
  const step = view.BYTES_PER_ELEMENT ?? 1;
  if (!buffer.resizable || view.byteOffset + byteLength + step <= buffer.byteLength) return false;
  const size = buffer.byteLength;
  const other = size + step <= buffer.maxByteLength ? size + step : view.byteOffset;
  const kept = new Uint8Array(buffer).slice(other);
  buffer.resize(other);
  const differs = isInBounds(view) && view.byteLength !== byteLength;
  buffer.resize(size);
  new Uint8Array(buffer).set(kept, Math.min(other, size));
  return differs;
}

function isInBounds(view) {
  try {
    return view instanceof DataView ? view.byteLength >= 0 : view.keys() !== undefined;
  } catch {
    return false;
  }
}

function describeArray(item, refer, pairs) {
  const keys = Object.keys(item);
  let count = 0;
  while (count < keys.length && isIndex(keys[count])) count++;
  const rest = pairs(keys.slice(count));
  if (count === item.length) return ["a", item.map(refer), rest];
  return ["s", item.length, keys.slice(0, count).map((key) => [Number(key), refer(item[key])]), rest];
}

function isIndex(key) {
  const number = Number(key);
  return number >>> 0 === number && number !== 0xffffffff && String(number) === key;
}

export function decode({ v: root, o: described }) {
  const objects = new Array(described.length);
  const resolve = (item) => {
    if (!Array.isArray(item)) return item;
    switch (item[0]) {
      case "u": return undefined;
      case "n": return Number(item[1]);
      case "b": return BigInt(item[1]);
      case "r": return objects[item[1]];
    }
    throw new TypeError(`not a value: ${item[0]}`);
  };
  described.forEach((entry, place) => { if (entry[0] === "B") objects[place] = makeBuffer(entry); });
  described.forEach((entry, place) => { if (entry[0] !== "B") objects[place] = make(entry, resolve); });
  described.forEach((entry, place) => fill(objects[place], entry, resolve));
  return resolve(root);
}

function makeBuffer([, text, max]) {
  const bytes = fromBase64(text);
  if (max === null) return bytes.buffer;
  const buffer = new ArrayBuffer(bytes.length, { maxByteLength: max });
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

function make(entry, resolve) {
  switch (entry[0]) {
    case "o": return {};
    case "a": return new Array(entry[1].length);
    case "s": return new Array(entry[1]);
    case "d": return new Date(entry[1] === null ? NaN : entry[1]);
    case "m": return new Map();
    case "t": return new Set();
    case "x": return new RegExp(entry[1], entry[2]);
    case "w": return Object(resolve(entry[1]));
    case "V": return makeView(entry, resolve);
    case "e": return makeError(resolve(entry[1]), resolve(entry[2]));
  }
  throw new TypeError(`not an object: ${entry[0]}`);
}

function makeView([, kind, place, offset, size], resolve) {
  if (!VIEWS.includes(kind)) throw new TypeError(`not a view: ${kind}`);
  const type = globalThis[kind];
  return new type(resolve(place), offset, size === null ? undefined : size / (type.BYTES_PER_ELEMENT ?? 1));
}

function makeError(name, message) {
  const error = new (ERRORS.includes(name) ? globalThis[name] : Error)();
  if (error.name !== name) define(error, "name", name, false);
  define(error, "message", message, false);
  delete error.stack;
  return error;
}

function fill(object, entry, resolve) {
  const add = (pairs, isEnumerable) => pairs.forEach(([key, item]) => define(object, key, resolve(item), isEnumerable(key)));
  switch (entry[0]) {
    case "o": add(entry[1], () => true); break;
    case "a": entry[1].forEach((item, index) => { object[index] = resolve(item); }); add(entry[2], () => true); break;
    case "s": add(entry[2], () => true); add(entry[3], () => true); break;
    case "m": entry[1].forEach(([key, item]) => object.set(resolve(key), resolve(item))); break;
    case "t": entry[1].forEach((item) => object.add(resolve(item))); break;
    case "e": add(entry[3], (key) => !["stack", "cause", "errors"].includes(key)); break;
  }
}

function define(object, key, value, enumerable) {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

function toBase64(bytes) {
  if (bytes.toBase64 !== undefined) return bytes.toBase64(); // a hundred times as fast, where the runtime has it
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000) text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}

export function fromBase64(text) {
  return Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
